"""Install procedures/purge_quota_usage.sql."""

from tenant_quota.apply import install

__depends__ = {"0037_install_purge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_usage.sql",
    sha256="6d4b9ef952dc07f47b2d6ecd36505fff561e5a62b3b9dc7df9b12a52035861ca",
)
