"""Install procedures/acquire_quota_token.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0010_install_abandon_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/acquire_quota_token.sql",
    sha256="3747e5c36d89be08bb333b8034cefdd81302a3550b7256765e1015a714aa3554",
)
