"""Install procedures/purge_quota_ledger.sql."""

from tenant_quota.apply import install

__depends__ = {"0046_install_open_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_ledger.sql",
    sha256="fdbc8e75d7282b8e8ad450f4b167d94161d55f2212e625cd209f0adfef5e8553",
)
