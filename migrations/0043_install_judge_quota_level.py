"""Install procedures/judge_quota_level.sql."""

from tenant_quota.apply import install

__depends__ = {"0042_install_guard_quota_session"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/judge_quota_level.sql",
    sha256="2e9bf5041d214be0d5a3a8ad64230e7b703053e0b2d9b3e42093362a2b4378a6",
)
