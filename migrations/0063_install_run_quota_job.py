"""Install procedures/run_quota_job.sql."""

from tenant_quota.apply import install

__depends__ = {"0062_install_return_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/run_quota_job.sql",
    sha256="39fcb236571e35c4b938b4d6d3c3be8956a111b89b3d4f97ed987f9344e4c491",
)
