"""Install procedures/acquire_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0011_create_tenant_definition_changes"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/acquire_quota_lease.sql",
    sha256="94ae53fc46bb5cee6c4dfa351ae057c0e596c6e7a875b8b43ff8314f9959c416",
)
