"""Install procedures/charge_quota_slot.sql."""

from tenant_quota.apply import install

__depends__ = {"0019_install_charge_quota_limits"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_slot.sql",
    sha256="6dab99b998eb28cb40cd9c89c75bceb66817a050d0c296fe939f40381a398391",
)
