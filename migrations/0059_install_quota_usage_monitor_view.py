"""Install views/quota_usage_monitor.sql."""

from tenant_quota.apply import install

__depends__ = {"0058_install_quota_usage_history_view"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "views/quota_usage_monitor.sql",
    sha256="5d8eb8ac169899d71d310d02baf0cb2ab75779749583122fcbd82722fd2d39e1",
)
