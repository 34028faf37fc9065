"""Install procedures/reset_quota_now.sql."""

from tenant_quota.apply import install

__depends__ = {"0060_install_reset_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reset_quota_now.sql",
    sha256="954f6f11b7dfd7d14928aeee682978c447cecf72ff887caaf3152886ef0587f1",
)
