"""Install procedures/settle_quota_period.sql."""

from tenant_quota.apply import install

__depends__ = {"0058_install_settle_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/settle_quota_period.sql",
    sha256="112052b7b7ecacc638452ad77bb57cd20d4cca4fc2708a489cb0ce09ef1efd53",
)
