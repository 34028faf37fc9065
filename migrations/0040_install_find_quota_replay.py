"""Install procedures/find_quota_replay.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0039_install_find_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_replay.sql",
    sha256="f9ca62aebc6057c6f3fc77553db4dc077e9d1cc3ba75d58798648c779c906196",
)
