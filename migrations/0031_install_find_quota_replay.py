"""Install procedures/find_quota_replay.sql."""

from tenant_quota.apply import install

__depends__ = {"0030_install_find_fresh_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_replay.sql",
    sha256="874a03fb31f2ee764d204026c731d1992d2394aedde6349c3f25bbea931377f7",
)
