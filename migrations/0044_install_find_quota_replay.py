"""Install procedures/find_quota_replay.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0043_install_find_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_replay.sql",
    sha256="7bce7163d2b5ea9fe56911104a328ef35f993d6f1978b92e0ddb2fcd69010127",
)
