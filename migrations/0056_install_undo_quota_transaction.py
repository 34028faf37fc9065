"""Install procedures/undo_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0055_install_try_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/undo_quota_transaction.sql",
    sha256="d0ed4ba347d117f9c84402afbf486b299ab1a77cf834ac27783a5ad94d5cf5aa",
)
