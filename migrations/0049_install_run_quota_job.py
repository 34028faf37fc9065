"""Install procedures/run_quota_job.sql."""

from tenant_quota.apply import install

__depends__ = {"0048_install_reset_quota_now"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/run_quota_job.sql",
    sha256="5c33a197df9e755f17e3e1cf07a4d37192bf54ef1567707ad75768d86054887f",
)
