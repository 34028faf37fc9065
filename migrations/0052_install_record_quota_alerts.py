"""Install procedures/record_quota_alerts.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0051_install_reconcile_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/record_quota_alerts.sql",
    sha256="114d19f8b135bb26e21ecf5c89fd474de597aa5714460e2ad67a876b8285c5e0",
)
