"""Install procedures/charge_quota_batch.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0015_install_charge_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_batch.sql",
    sha256="0c9aa657ee5f5760a558c92d4b8fe36ff9600d3b1e57f41d626bf1f616d03e87",
)
