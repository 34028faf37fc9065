"""Install procedures/acquire_quota_token.sql."""

from tenant_quota.apply import install

__depends__ = {"0013_install_acquire_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/acquire_quota_token.sql",
    sha256="7a6740887129323b27a505ca8034bd975a8cb279a91d3922b89a0c82342d0751",
)
