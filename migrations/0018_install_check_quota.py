"""Install procedures/check_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0017_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota.sql",
    sha256="99057adb757656816a4f65f62bcd2f090775f71b7fe64e65c823eab88a34b5ac",
)
