"""Install procedures/read_quota_options.sql."""

from tenant_quota.apply import install

__depends__ = {"0038_install_purge_quota_usage"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/read_quota_options.sql",
    sha256="2fc674de968811f56c5c7c8ee9ba6a98c61e12d6acf7b0e10f1ca61ec4e6f0ee",
)
