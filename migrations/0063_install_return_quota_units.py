"""Install procedures/return_quota_units.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0062_install_return_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/return_quota_units.sql",
    sha256="4d8d63f653c7ecee3b6050cac3c4319bfc24c57c72b201ed48d353c176ad6461",
)
