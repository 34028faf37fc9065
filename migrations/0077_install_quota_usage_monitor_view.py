"""Install views/quota_usage_monitor.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0076_install_quota_usage_history_view"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "views/quota_usage_monitor.sql",
    sha256="9a16cff8ccdf85a869b132c5431c7c81fa7fb6bb1c76a0a9800ef0d0f4ffda50",
)
