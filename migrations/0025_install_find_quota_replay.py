"""Install procedures/find_quota_replay.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0024_install_find_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_replay.sql",
    sha256="a97560e43e6e0bb463aaf369acbbb430cc0cb67a05077eb88c2652900164e51a",
)
