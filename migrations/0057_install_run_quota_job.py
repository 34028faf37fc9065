"""Install procedures/run_quota_job.sql."""

from tenant_quota.apply import install

__depends__ = {"0056_install_return_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/run_quota_job.sql",
    sha256="0077ab589b93dff632c4b9e45edd551c6604c07e4fc9e4ff364bda03a397067a",
)
