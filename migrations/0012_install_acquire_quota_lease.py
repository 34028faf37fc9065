"""Install procedures/acquire_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0011_create_tenant_definition_changes"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/acquire_quota_lease.sql",
    sha256="f1e03d41206d5fa75d5ffcad2cbe8506172a86393d9ab28ef5feb857a2989968",
)
