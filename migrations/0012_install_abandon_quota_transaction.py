"""Install procedures/abandon_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0011_create_tenant_definition_changes"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/abandon_quota_transaction.sql",
    sha256="95fc668b51d8561e38eb1e0c3eb61e1afb20cf420e6c50e65010cc0b27307c84",
)
