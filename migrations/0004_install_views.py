"""Install the views, each file as it is at its SHA-256."""

from tenant_quota.apply import install

__depends__ = {"0003_install_procedures"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    {
        "views/quota_health.sql": "4f34a09621d88f0c43e8a65129fb6702d59e9475db93bcfe87b9b4d726015c5d",
        "views/quota_usage_history.sql": "fd01cc56f9e0651f5c7e40d1e08f2e63796a1bb435573cbf39f3c5da6dea85de",
        "views/quota_usage_monitor.sql": "2ed779f27358daf4b3c0692fe56303b9b31dbee72b366f13235ec53d39068d88",
    },
)
