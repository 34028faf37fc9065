"""Install procedures/charge_quota_consumption.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0017_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_consumption.sql",
    sha256="e4d6f2dd55cbb4c7965b4e3997420864cc8969196b32d467e068d4648528b23c",
)
