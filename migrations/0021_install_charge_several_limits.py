"""Install procedures/charge_several_limits.sql."""

from tenant_quota.apply import install

__depends__ = {"0020_install_charge_quota_slot"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_several_limits.sql",
    sha256="6a43ba2d21ff96d72b1de7fc1a8d214a28c463713021dc56a87680166ae9e8de",
)
