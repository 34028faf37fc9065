"""Install procedures/acquire_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0011_create_tenant_definition_changes"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/acquire_quota_lease.sql",
    sha256="73f2424fe21e82b1adfd7ee502935be8a099707e7c1fd2e8232bbce2e6a9d25c",
)
