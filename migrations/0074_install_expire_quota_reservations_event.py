"""Install events/expire_quota_reservations.sql."""

from tenant_quota.apply import install

__depends__ = {"0073_install_quota_usage_monitor_view"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "events/expire_quota_reservations.sql",
    sha256="b3036d9f90a4275b6836423af90b44bba8c6d2f43c72c4cd68e998479fa32a07",
)
