"""Install procedures/find_quota_limits.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0022_install_define_tenant"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_limits.sql",
    sha256="a7477c34894252ac5cee5fbe4d3fdcb08f97645a1153a632b7fbae004540cc2d",
)
