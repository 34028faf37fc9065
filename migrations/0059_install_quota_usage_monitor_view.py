"""Install views/quota_usage_monitor.sql."""

from tenant_quota.apply import install

__depends__ = {"0058_install_quota_usage_history_view"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "views/quota_usage_monitor.sql",
    sha256="8025fe20d71846b9faceb63e0b63c39d6c65a99a32c2f56b5bd24ef8fd4e356f",
)
