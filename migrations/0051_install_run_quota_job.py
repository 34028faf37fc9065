"""Install procedures/run_quota_job.sql."""

from tenant_quota.apply import install

__depends__ = {"0050_install_return_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/run_quota_job.sql",
    sha256="129cabc6be1d0596ec6c3d4fce368b3b2610958ab4762cdab611e0fea3c5f2bc",
)
