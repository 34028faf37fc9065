"""Install procedures/settle_quota_period.sql."""

from tenant_quota.apply import install

__depends__ = {"0058_install_settle_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/settle_quota_period.sql",
    sha256="7458f0d47b2258b3aede0cc972d5e9714e9b837554f9fc7c364e5586bb91fd09",
)
