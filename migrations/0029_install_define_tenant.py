"""Install procedures/define_tenant.sql."""

from tenant_quota.apply import install

__depends__ = {"0028_install_define_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_tenant.sql",
    sha256="ce32fc99ea8b3173f09fb23cd20d9875f67d0a7fbc2b29121a3cdde90cb19fe2",
)
