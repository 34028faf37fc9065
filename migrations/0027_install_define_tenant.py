"""Install procedures/define_tenant.sql."""

from tenant_quota.apply import install

__depends__ = {"0026_install_define_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_tenant.sql",
    sha256="6d9b547fbaf5a0b3b4da2ddd4fc52858ef49bd9ebcde92b1b812c44dd1695c9e",
)
