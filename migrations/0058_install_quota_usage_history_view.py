"""Install views/quota_usage_history.sql."""

from tenant_quota.apply import install

__depends__ = {"0057_install_quota_health_view"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "views/quota_usage_history.sql",
    sha256="fd01cc56f9e0651f5c7e40d1e08f2e63796a1bb435573cbf39f3c5da6dea85de",
)
