"""Install views/quota_usage_monitor.sql."""

from tenant_quota.apply import install

__depends__ = {"0072_install_quota_usage_history_view"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "views/quota_usage_monitor.sql",
    sha256="b644be9f624cd6e9ca13a4cee512e8ce2af7267cd07b66407b7e105c6588ae43",
)
