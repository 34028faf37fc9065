"""Install procedures/reserve_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0058_install_renew_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reserve_quota.sql",
    sha256="aeb22909b9dd3546502d5c1bee350e15a1ce8e41b190b2072757d40a2f3b39be",
)
