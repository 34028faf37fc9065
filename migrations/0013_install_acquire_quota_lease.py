"""Install procedures/acquire_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0012_install_abandon_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/acquire_quota_lease.sql",
    sha256="99ba0134ab051066d945dcb08bff5ab2b71439f6c0ed026d36a06a176ce58041",
)
