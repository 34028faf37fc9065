"""Install procedures/internal/charge/find_quota_replay.sql."""

from tenant_quota.apply import install

__depends__ = {"0035_install_find_fresh_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/charge/find_quota_replay.sql",
    sha256="72707cf80bb4481a60c03aa8a0ed260651255fd3f00d5a3690d585eaa5791695",
)
