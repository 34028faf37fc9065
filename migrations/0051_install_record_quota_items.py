"""Install procedures/record_quota_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0050_install_record_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/record_quota_items.sql",
    sha256="9f2f3c3f7d6c3a3b3671e345c5addac954a0efa6cc995848744d20e3124ebddb",
)
