"""Install procedures/run_quota_job.sql."""

from tenant_quota.apply import install

__depends__ = {"0049_install_reset_quota_now"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/run_quota_job.sql",
    sha256="5c70d9d937fc7ff51bc5e5c6c3b8b5147a0a1b00c38cfb1aae2697a60c762e27",
)
