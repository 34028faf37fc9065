"""Install procedures/purge_quota_usage.sql."""

from tenant_quota.apply import install

__depends__ = {"0048_install_purge_quota_rows"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_usage.sql",
    sha256="8ac8777c5265491a6fea1b6bca839ca9a23a9dc2c257e33de5447655342a3853",
)
