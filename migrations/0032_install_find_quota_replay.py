"""Install procedures/find_quota_replay.sql."""

from tenant_quota.apply import install

__depends__ = {"0031_install_find_fresh_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_replay.sql",
    sha256="5c9004f29a3f12a1dbbb5d476941bfeef76e7a0d9f1b198f8b67d62f97840f3c",
)
