"""Install procedures/charge_quota_batch.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0015_install_charge_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_batch.sql",
    sha256="310968a46f408c407d035d91fd77614d5ad19cb7a35ae50bd9952c2e148428da",
)
