"""Install procedures/charge_quota_consumption.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0017_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_consumption.sql",
    sha256="09718d96f022190d78aaf3aeb14dc9a87974bed221e54ca86938cbd2b1eb6af7",
)
