"""Install procedures/run_quota_job.sql."""

from tenant_quota.apply import install

__depends__ = {"0048_install_reset_quota_now"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/run_quota_job.sql",
    sha256="8a9042404b268d5431471d248abbb0b1bb73a875ef19e904cf184f552816181b",
)
