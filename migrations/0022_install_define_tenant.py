"""Install procedures/define_tenant.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0021_install_define_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_tenant.sql",
    sha256="363c176de9c353d68b63b7daaf540111bb82b229dd0b61f974aa8176806cfd6b",
)
