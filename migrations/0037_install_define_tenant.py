"""Install procedures/define_tenant.sql."""

from tenant_quota.apply import install

__depends__ = {"0036_install_define_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_tenant.sql",
    sha256="ae9cd1ec23a56edbb62becb2c231188567beeb2160671be6e8bcaf3f658e3da6",
)
