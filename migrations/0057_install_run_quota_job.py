"""Install procedures/run_quota_job.sql."""

from tenant_quota.apply import install

__depends__ = {"0056_install_return_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/run_quota_job.sql",
    sha256="e27a046b981f2f2b67714459c8bf73516d22bcda7083afb0ce1fc4341160dad2",
)
