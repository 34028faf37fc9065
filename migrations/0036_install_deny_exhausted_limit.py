"""Install procedures/deny_exhausted_limit.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0035_install_define_tenant"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/deny_exhausted_limit.sql",
    sha256="f397571e8a90377452de114aba64edbe47414a4e8ffcb8fa5f8d2b16b1249824",
)
