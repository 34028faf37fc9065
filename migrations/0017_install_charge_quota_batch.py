"""Install procedures/charge_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0016_install_charge_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_batch.sql",
    sha256="6f9cd4d39ccc221c59d30a75ab50d0a3b47aef5f3bb9f9b63aca4a0b1c0577e5",
)
