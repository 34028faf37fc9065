"""Install views/quota_health.sql."""

from tenant_quota.apply import install

__depends__ = {"0070_install_try_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "views/quota_health.sql",
    sha256="9c88966fcf6ab0d5f9f3c5ec35d74d8e55344bd50854a0563c76acf781fcc096",
)
