"""Install procedures/charge_quota_limits.sql."""

from tenant_quota.apply import install

__depends__ = {"0018_install_charge_quota_consumption"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_limits.sql",
    sha256="71bac221feaaad9095c372c94af2194f900af2b2f6cc8f758f56c0bc9fd35b41",
)
