"""Install procedures/end_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0027_install_define_tenant"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/end_quota_transaction.sql",
    sha256="0743afc77d52aa69d028f5aaa18e9a604e6abf12a26a5f6f368084d7f0e45b18",
)
