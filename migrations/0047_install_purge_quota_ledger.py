"""Install procedures/purge_quota_ledger.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0046_install_open_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_ledger.sql",
    sha256="291e4b57c33f55e49f8aafa02ced373610bc259324d88739c1c9c35ed8e7fa33",
)
