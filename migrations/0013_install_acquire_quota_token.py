"""Install procedures/acquire_quota_token.sql."""

from tenant_quota.apply import install

__depends__ = {"0012_install_acquire_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/acquire_quota_token.sql",
    sha256="30fd165a37bd68f22e020eda8d8f88a78ffeb012b7c5b50c42510e46b72bfd84",
)
