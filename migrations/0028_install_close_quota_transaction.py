"""Install procedures/close_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0027_install_check_quota_ttl"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/close_quota_transaction.sql",
    sha256="4a18f31770d74025a797ff28ae667a2620d1398df2249768c58709c91ed9a228",
)
