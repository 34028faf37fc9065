"""Install procedures/charge_quota_slot.sql."""

from tenant_quota.apply import install

__depends__ = {"0019_install_charge_quota_limits"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_slot.sql",
    sha256="89646dda5df7c120821d32d80b6ecad08094f37db8a235bdcab2e3df4a20f7c6",
)
