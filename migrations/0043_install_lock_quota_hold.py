"""Install procedures/lock_quota_hold.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0042_install_judge_quota_limit"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/lock_quota_hold.sql",
    sha256="b084b703ed8d4ab65aa825ac229e76576cb9065168d98e7377441c3f3be6d587",
)
