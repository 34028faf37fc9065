"""Install procedures/define_tenant.sql."""

from tenant_quota.apply import install

__depends__ = {"0026_install_define_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_tenant.sql",
    sha256="c858d8881d070a3cae921c9c7fc10bdec3190b6511f9b6d54523526ce72fd11d",
)
