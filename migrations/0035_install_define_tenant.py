"""Install procedures/define_tenant.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0034_install_define_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_tenant.sql",
    sha256="747c29ceb48878ca2104390fffa62b546b29c7828572141da34fe4187a2cca62",
)
