"""Install procedures/settle_quota_period.sql."""

from tenant_quota.apply import install

__depends__ = {"0072_install_settle_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/settle_quota_period.sql",
    sha256="2c2299b1d860c9f3b8723fd93a2c59fd36539c8fcb53d91fa500d0976290d3bf",
)
