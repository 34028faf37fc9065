"""Install procedures/judge_quota_level.sql."""

from tenant_quota.apply import install

__depends__ = {"0037_install_guard_quota_session"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/judge_quota_level.sql",
    sha256="af843c7fdbec9ae32f776c0a8d0e151ebe99efe0854e514b8c5c8cd5b109256c",
)
