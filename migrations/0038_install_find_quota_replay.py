"""Install procedures/find_quota_replay.sql."""

from tenant_quota.apply import install

__depends__ = {"0037_install_find_fresh_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_replay.sql",
    sha256="63fb91918f146347909e2d39db29867f84d62db75f8b6c5eb3be28bd0c6f65a2",
)
