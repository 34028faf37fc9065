"""Install views/quota_health.sql."""

from tenant_quota.apply import install

__depends__ = {"0056_install_undo_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "views/quota_health.sql",
    sha256="36e256b8ca381a242d87e60c839153e7c46cc53cfb804740192b219af8f07a28",
)
