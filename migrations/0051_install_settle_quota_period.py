"""Install procedures/settle_quota_period.sql."""

from tenant_quota.apply import install

__depends__ = {"0050_install_settle_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/settle_quota_period.sql",
    sha256="3e5ea1d0d5e567b94656af02a795954d328801b435030e020747bfbbcce10d8f",
)
