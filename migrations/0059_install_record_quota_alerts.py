"""Install procedures/record_quota_alerts.sql."""

from tenant_quota.apply import install

__depends__ = {"0058_install_reconcile_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/record_quota_alerts.sql",
    sha256="da211a587da7fea29c3e4b1c0ece8c7cb5b3c3a397ce4c203295009f2af35868",
)
