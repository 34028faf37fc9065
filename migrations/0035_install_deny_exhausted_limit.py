"""Install procedures/deny_exhausted_limit.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0034_install_define_tenant"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/deny_exhausted_limit.sql",
    sha256="e46db3d6fba971b7ad3e92f2ff291963f7628d03542decb7d028c1e87914d2b5",
)
