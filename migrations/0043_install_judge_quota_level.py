"""Install procedures/judge_quota_level.sql."""

from tenant_quota.apply import install

__depends__ = {"0042_install_guard_quota_session"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/judge_quota_level.sql",
    sha256="37c63bd54d6258d00b1e4431fca17ef82e58f9def333d6d33aefef612a5b47b4",
)
