"""Install procedures/record_quota_alerts.sql."""

from tenant_quota.apply import install

__depends__ = {"0040_install_reconcile_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/record_quota_alerts.sql",
    sha256="25e3ea937442ccd02430356e656fc377c2732c5e0ab5231689c0aa3de5f749e3",
)
