"""Install procedures/reserve_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0058_install_renew_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reserve_quota.sql",
    sha256="cce155d7f29a3ab2886e4300d16eadaba9020b3276a9e22ed8fa9254c1d67e29",
)
