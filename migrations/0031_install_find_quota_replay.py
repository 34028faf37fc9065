"""Install procedures/find_quota_replay.sql."""

from tenant_quota.apply import install

__depends__ = {"0030_install_find_fresh_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_replay.sql",
    sha256="0b3b43af30fdbe3a152d2ec3151ceb5f9f43509c2af346365b35c208f9a12837",
)
