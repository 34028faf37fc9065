"""Install procedures/define_tenant.sql."""

from tenant_quota.apply import install

__depends__ = {"0032_install_define_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_tenant.sql",
    sha256="69f409a9d29b5ebc50adc6ae27b5cb58d9c28f220ac268d813a4fd4ea45a7782",
)
