"""Install procedures/run_quota_job.sql."""

from tenant_quota.apply import install

__depends__ = {"0048_install_reset_quota_now"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/run_quota_job.sql",
    sha256="2854fdf741e4e62e919319abfd4db56c5d1c477882d317389266f733859484c3",
)
