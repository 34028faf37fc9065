"""Install procedures/internal/job/run_quota_job.sql."""

from tenant_quota.apply import install

__depends__ = {"0045_install_delete_old_quota_rows"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/job/run_quota_job.sql",
    sha256="15cce76cfeb17b4cfdb109f74a1016bb5055ea9744787f84c685f3496c976dbb",
)
