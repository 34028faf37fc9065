"""Install procedures/check_quota_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0023_install_check_quota_consumption"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_items.sql",
    sha256="9605e99d5dfb2cdb5687cff55577aa2a15cd5e91ed12cde6c8635042b75c0c4e",
)
