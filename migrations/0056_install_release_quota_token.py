"""Install procedures/release_quota_token.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0055_install_release_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_token.sql",
    sha256="d33ddd18bb92d3ce6c0ae954efeaadef56bc884dd01bd1654593f38700f9d3d6",
)
