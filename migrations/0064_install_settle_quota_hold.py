"""Install procedures/settle_quota_hold.sql."""

from tenant_quota.apply import install

__depends__ = {"0063_install_run_quota_job"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/settle_quota_hold.sql",
    sha256="27a96bf3c8cbc10eb46bd126b1002cf131bcc580fac6eabbd5de4b0436b06f54",
)
