"""Install procedures/check_quota_ttl.sql."""

from tenant_quota.apply import install

__depends__ = {"0026_install_check_quota_number"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_ttl.sql",
    sha256="3075c9bee34ba3ba5e5a14532554e89d0fa2efdd21f5436ab063ef17b40eb7af",
)
