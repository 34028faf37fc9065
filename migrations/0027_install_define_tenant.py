"""Install procedures/define_tenant.sql."""

from tenant_quota.apply import install

__depends__ = {"0026_install_define_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_tenant.sql",
    sha256="4b1dde99fc2e548855584ef6be8b58f3fa0662435003fc4de27a89eac6592f26",
)
