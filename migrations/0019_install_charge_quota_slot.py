"""Install procedures/charge_quota_slot.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0018_install_charge_quota_limits"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_slot.sql",
    sha256="07ea83276a43d1f2c8d3e1b65e1753536c69ee7d9ce8bcc7055470b317347293",
)
