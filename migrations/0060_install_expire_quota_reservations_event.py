"""Install events/expire_quota_reservations.sql."""

from tenant_quota.apply import install

__depends__ = {"0059_install_quota_usage_monitor_view"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "events/expire_quota_reservations.sql",
    sha256="1e1140c091e941b54e43b609bec0abdb9236178ec8be25b2cdde49f8d6f115ef",
)
