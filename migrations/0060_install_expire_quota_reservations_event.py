"""Install events/expire_quota_reservations.sql."""

from tenant_quota.apply import install

__depends__ = {"0059_install_quota_usage_monitor_view"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "events/expire_quota_reservations.sql",
    sha256="b75f6473d1887f9fb720df06b5eae875fefc754da6420ad350286e471b6adb92",
)
