"""Install procedures/judge_quota_level.sql."""

from tenant_quota.apply import install

__depends__ = {"0042_install_guard_quota_session"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/judge_quota_level.sql",
    sha256="c016384801a8aa3590da6b64b6cf9c0312929809efdc262cef7ff4ce3fa14456",
)
