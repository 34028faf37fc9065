"""Install procedures/acquire_quota_token.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0010_install_abandon_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/acquire_quota_token.sql",
    sha256="aeb2e5cf25e747c04e5eb92b8cdac6147a93bdf74535ac38d0afe81debd13038",
)
