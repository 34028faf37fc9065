"""Install procedures/settle_quota_period.sql."""

from tenant_quota.apply import install

__depends__ = {"0064_install_settle_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/settle_quota_period.sql",
    sha256="e8e477559aa5e44f496be07551a50a867333000103aa5c1320b6b1970f8e1b57",
)
