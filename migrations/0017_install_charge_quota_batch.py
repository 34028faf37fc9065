"""Install procedures/charge_quota_batch.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0016_install_charge_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_batch.sql",
    sha256="e1898a19a89467a066b57b5581ae2d2dd10daba6f95840327ab2210efbc30216",
)
