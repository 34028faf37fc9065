"""Install procedures/purge_quota_usage.sql."""

from tenant_quota.apply import install

__depends__ = {"0048_install_purge_quota_rows"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_usage.sql",
    sha256="ad2f50db7627e71f4c377cf33fea0f68071834368197b1842a6b0965201e7336",
)
