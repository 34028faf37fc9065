"""Install procedures/record_quota_alerts.sql."""

from tenant_quota.apply import install

__depends__ = {"0045_install_reconcile_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/record_quota_alerts.sql",
    sha256="aadd0dbe57665df7869b75e8eae0631c6cf0575c04ae803f518c5a5602fcb844",
)
