"""Install procedures/record_quota_alerts.sql."""

from tenant_quota.apply import install

__depends__ = {"0048_install_reconcile_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/record_quota_alerts.sql",
    sha256="5ec79e456f3782e556765e6e1df77b070ecf1bac892573f0fab3bb1847254710",
)
