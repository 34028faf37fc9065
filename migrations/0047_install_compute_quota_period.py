"""Install procedures/internal/period/compute_quota_period.sql."""

from tenant_quota.apply import install

__depends__ = {"0046_install_run_quota_job"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/period/compute_quota_period.sql",
    sha256="0dee3a1423e33e046ffa1ff8de03da9b6934aab529ba99c5ab4ee97b8a4a9c6e",
)
