"""Install procedures/internal/charge/record_quota_alerts.sql."""

from tenant_quota.apply import install

__depends__ = {"0038_install_judge_quota_level"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/charge/record_quota_alerts.sql",
    sha256="cccf899db7df5bdfaa6abdb1ff6e2c563bab02560dbe9c418a6d40a3ea4642e6",
)
