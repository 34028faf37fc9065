"""Install procedures/record_quota_job.sql."""

from tenant_quota.apply import install

__depends__ = {"0059_install_record_quota_alerts"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/record_quota_job.sql",
    sha256="3db3d3d7c025b1d619f79db6c67993e32670ca4b2a94f3b8a628f345f1f49591",
)
