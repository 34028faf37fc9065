"""Install views/quota_usage_history.sql."""

from tenant_quota.apply import install

__depends__ = {"0079_install_quota_health_view"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "views/quota_usage_history.sql",
    sha256="93454668395238b29bffc235fe2130510378ff4e227d14b5deb97b58b8649c4a",
)
