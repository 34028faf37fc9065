"""Install procedures/find_quota_replay.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0030_install_find_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_replay.sql",
    sha256="50487f58cd07e54d100d667e9ef8802b5fc7b8dc34cfc93c32aa69de821fdd8c",
)
