"""Install procedures/lower_quota_use.sql."""

from tenant_quota.apply import install

__depends__ = {"0034_install_keep_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/lower_quota_use.sql",
    sha256="982ffd6b3634375f1ced9521d335c97b9587608686efa85788eccfb4cf27953c",
)
