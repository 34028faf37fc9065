"""Install procedures/purge_quota_ledger.sql."""

from tenant_quota.apply import install

__depends__ = {"0053_install_open_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_ledger.sql",
    sha256="f17f56d25d1ded78fae6f48f8d4ca06d903d7c782b7f870a493d5c221d3c3590",
)
