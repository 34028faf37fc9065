"""Install procedures/find_quota_replay.sql."""

from tenant_quota.apply import install

__depends__ = {"0031_install_find_fresh_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_replay.sql",
    sha256="49b559bec3d5f5a235836ab4d9ea896dbe5f49e7bbf4a56736788c968350cadc",
)
