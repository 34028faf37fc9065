"""Install procedures/judge_quota_limit.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0032_install_guard_quota_session"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/judge_quota_limit.sql",
    sha256="dbdb3077e751ee2db683bf1a461da145164a5db822adb16372cdc8d528e78cea",
)
