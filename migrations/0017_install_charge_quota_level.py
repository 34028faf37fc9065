"""Install procedures/charge_quota_level.sql."""

from tenant_quota.apply import install

__depends__ = {"0016_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_level.sql",
    sha256="a3b298eea6aebca41fe602568cf7c39936f2cc22b33efa2ac269dac14eb08b6a",
)
