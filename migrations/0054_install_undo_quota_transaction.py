"""Install procedures/internal/session/undo_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0053_install_open_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/session/undo_quota_transaction.sql",
    sha256="c12b4a73018ad8e9e66d10ecc248995c2acf7d8dfb27cab0825358926768d9e1",
)
