"""Install views/quota_usage_monitor.sql."""

from tenant_quota.apply import install

__depends__ = {"0058_install_quota_usage_history_view"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "views/quota_usage_monitor.sql",
    sha256="2ed779f27358daf4b3c0692fe56303b9b31dbee72b366f13235ec53d39068d88",
)
