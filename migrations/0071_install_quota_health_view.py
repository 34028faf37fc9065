"""Install views/quota_health.sql."""

from tenant_quota.apply import install

__depends__ = {"0070_install_try_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "views/quota_health.sql",
    sha256="d728a2c773fdf570e378f72891b4f3c7b512fcea4c6ae17a4603311e1ad0eabe",
)
