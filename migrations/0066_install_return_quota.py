"""Install procedures/return_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0065_install_reset_quota_now"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/return_quota.sql",
    sha256="798357e55ee9c931f48a7ff45f10c7f41b24f291f356f64ab334d809ab7cfae4",
)
