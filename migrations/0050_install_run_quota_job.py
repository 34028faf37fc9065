"""Install procedures/run_quota_job.sql."""

from tenant_quota.apply import install

__depends__ = {"0049_install_reset_quota_now"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/run_quota_job.sql",
    sha256="ac9aba224bb710dc14c393c22eeca9287a3d358583401baaff5c0ee5014d2955",
)
