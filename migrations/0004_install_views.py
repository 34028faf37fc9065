"""Install the views, each file as it is at its SHA-256."""

from tenant_quota.apply import install

__depends__ = {"0003_install_procedures"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    {
        "views/quota_health.sql": "36e256b8ca381a242d87e60c839153e7c46cc53cfb804740192b219af8f07a28",
        "views/quota_usage_history.sql": "fd01cc56f9e0651f5c7e40d1e08f2e63796a1bb435573cbf39f3c5da6dea85de",
        "views/quota_usage_monitor.sql": "3f3e8487a36e843ef293e17c1906c6d04205702e367cec41ef25a9809eb4df78",
    },
)
