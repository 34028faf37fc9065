"""Install procedures/check_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0017_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota.sql",
    sha256="aac4abd7fed63462660df9cadbb4b61fd8d162fbd1c8433c6036434af209ac0a",
)
