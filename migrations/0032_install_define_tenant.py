"""Install procedures/define_tenant.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0031_install_define_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_tenant.sql",
    sha256="5029ed47930e70bce0a82c6605d7b08df64ca2f9ff557ceb3181aadbbecc6610",
)
