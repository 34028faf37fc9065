"""Install procedures/judge_quota_limit.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0026_install_guard_quota_session"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/judge_quota_limit.sql",
    sha256="f188b309707087428d29183d99be11168c4cbb9f4062a7f9a9bc8b9d3f0f0a9e",
)
