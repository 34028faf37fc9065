"""Install procedures/purge_quota_ledger.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0046_install_open_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_ledger.sql",
    sha256="82678b24cb4e41b87d4fc6c8c0ee15eb6363e722ea776fd4b454731fedb1c6b3",
)
