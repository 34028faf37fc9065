"""Install procedures/run_quota_job.sql."""

from tenant_quota.apply import install

__depends__ = {"0053_install_return_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/run_quota_job.sql",
    sha256="4d6cdc05ae6d703436fbf06574ea0f0a5288b1c95c0945fc5d80eef10f5e5941",
)
