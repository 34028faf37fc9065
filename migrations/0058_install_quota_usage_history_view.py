"""Install views/quota_usage_history.sql."""

from tenant_quota.apply import install

__depends__ = {"0057_install_quota_health_view"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "views/quota_usage_history.sql",
    sha256="bd0785dbdf830ba39b66d439e7a6334c949733b27e976cc37ee460f4f2b877cc",
)
