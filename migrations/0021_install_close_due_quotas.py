"""Install procedures/close_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0020_install_check_quota_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/close_due_quotas.sql",
    sha256="653889b477d1a99ce7e73cb3d7c63b72ad57fef54a1a1b683c449802024ec3ce",
)
