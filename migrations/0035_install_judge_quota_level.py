"""Install procedures/judge_quota_level.sql."""

from tenant_quota.apply import install

__depends__ = {"0034_install_guard_quota_session"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/judge_quota_level.sql",
    sha256="d199cec415cbd281e5df49b942e341b7de933e02baf3b5cea891607f96a844b7",
)
