"""Install procedures/refund_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0048_install_record_quota_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/refund_quota.sql",
    sha256="7692c7d4d028c369451d5654d3be08df62353fdd4adcc6f05881e50c4742ba71",
)
