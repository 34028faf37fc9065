"""Install procedures/internal/session/open_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0052_install_keep_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/session/open_quota_transaction.sql",
    sha256="b77c0057b9dbf953eb1b6645e05a1aaa81a4a402e21c1f430eb2e67c1bd10b4a",
)
