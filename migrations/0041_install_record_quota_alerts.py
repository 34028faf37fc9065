"""Install procedures/record_quota_alerts.sql."""

from tenant_quota.apply import install

__depends__ = {"0040_install_reconcile_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/record_quota_alerts.sql",
    sha256="ed41e983f48f48de8dc3f0816080c5f24d27c0e7b4525c556bd352f672a47b4d",
)
