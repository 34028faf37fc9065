"""Install procedures/settle_quota_hold.sql."""

from tenant_quota.apply import install

__depends__ = {"0057_install_run_quota_job"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/settle_quota_hold.sql",
    sha256="24ee8471114387db24469ea60c2abb870970d94ea16f1cef6cdb23dd4e240b5d",
)
