"""Install procedures/administration/define_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0011_create_tenant_definition_changes"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/administration/define_quota.sql",
    sha256="c7104bfe611581f5b5f5483458d7830c7737b36e1a0a57ec6d1ed9a7ecbe072a",
)
