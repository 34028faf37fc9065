"""Install procedures/define_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0033_install_convert_quota_time"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_quota.sql",
    sha256="bc6212918f4f4d5f5abe299cb6e5bbb8640801dfebcc91c60ceed94481f4d9d2",
)
