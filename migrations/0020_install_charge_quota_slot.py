"""Install procedures/charge_quota_slot.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0019_install_charge_quota_limits"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_slot.sql",
    sha256="fc1077acdb14503ac6a5aa41e2c3619ea491b6d09dbe6278d4b1c704d18022f9",
)
