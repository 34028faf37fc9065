"""Install procedures/return_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0067_install_reset_quota_now"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/return_quota.sql",
    sha256="7a8b14cabc747044dbf10bac4dd0b4fda66f0e19aab4ebc73a82f5ad50c32fe7",
)
