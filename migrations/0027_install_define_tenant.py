"""Install procedures/define_tenant.sql."""

from tenant_quota.apply import install

__depends__ = {"0026_install_define_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_tenant.sql",
    sha256="4009cee748206059aaaa60cd74f52ab7401c6c551350b7ca48ce13271fae896c",
)
