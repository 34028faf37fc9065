"""Install procedures/reserve_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0064_install_renew_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reserve_quota.sql",
    sha256="f28860db43e2e1a5cdd493c547614024d2c4f3539102e82e9e895706844a1ec5",
)
