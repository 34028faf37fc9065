"""Install procedures/define_tenant.sql."""

from tenant_quota.apply import install

__depends__ = {"0026_install_define_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_tenant.sql",
    sha256="05975194e438432367cc8cf1801c33daaa57ea8bb9e152388c4a765a97ce0479",
)
