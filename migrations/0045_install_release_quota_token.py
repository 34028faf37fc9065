"""Install procedures/release_quota_token.sql."""

from tenant_quota.apply import install

__depends__ = {"0044_install_release_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_token.sql",
    sha256="013e9d0243eb6462bdca9c6fbd1d80402da86127875520af2b47a91c6737c69b",
)
