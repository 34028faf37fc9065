"""Install procedures/acquire_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0012_install_abandon_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/acquire_quota_lease.sql",
    sha256="853a10edb6c8262f281666178ab5c0a84c00387e30d05d4f2330e37d87537b44",
)
