"""Install procedures/acquire_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0012_install_abandon_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/acquire_quota_lease.sql",
    sha256="f6ddf3ea0063467134c0d8798cd65699454fafdb7279832f6114c9ffa33b854d",
)
