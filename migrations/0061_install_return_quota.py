"""Install procedures/return_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0060_install_reset_quota_now"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/return_quota.sql",
    sha256="a592b6e9f49cdb2579f0d56fa5d35f51e483d5c949f80d60f8a7c1e958e571ef",
)
