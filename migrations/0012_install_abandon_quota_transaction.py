"""Install procedures/abandon_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0011_create_tenant_definition_changes"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/abandon_quota_transaction.sql",
    sha256="c4d7e6c0e9db468e182e1d1a90f45a1e1756af9165aa23c714e67c94807e7f7e",
)
