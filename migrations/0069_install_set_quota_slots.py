"""Install procedures/set_quota_slots.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0068_install_return_quota_units"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/set_quota_slots.sql",
    sha256="b44a3d0b85e093dd191887308b33e8dc9258b1d3bf024a6cfc917f43505f025c",
)
