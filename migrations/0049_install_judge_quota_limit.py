"""Install procedures/judge_quota_limit.sql."""

from tenant_quota.apply import install

__depends__ = {"0048_install_guard_quota_session"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/judge_quota_limit.sql",
    sha256="a9a19b18e24ff033ba31170c0028a8a13ab44e73db673f484271e895b55079fa",
)
