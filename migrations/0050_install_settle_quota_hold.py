"""Install procedures/settle_quota_hold.sql."""

from tenant_quota.apply import install

__depends__ = {"0049_install_run_quota_job"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/settle_quota_hold.sql",
    sha256="e16ab26482adcd79e148e5e6f27f7d6ee243c8f5fe8cab0e5cf252d37b82f0ff",
)
