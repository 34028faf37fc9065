"""Install events/expire_quota_reservations.sql."""

from tenant_quota.apply import install

__depends__ = {"0081_install_quota_usage_monitor_view"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "events/expire_quota_reservations.sql",
    sha256="ccf00967e96a6f651dfb63de26e98c4f73880178ff438cc3965480d5ec98762c",
)
