"""Install procedures/check_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0012_install_charge_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota.sql",
    sha256="aa2f93a308bf4da306c71f7bcc27bcb7d8d46cae5ccb32a0933bdbefc71c9e57",
)
