"""Install procedures/charge_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0015_install_charge_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_batch.sql",
    sha256="e1ebb0940bfb26650889ed281c69421e5855df1da48cb30b46749d48ee26c563",
)
