"""Install procedures/return_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0060_install_reset_quota_now"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/return_quota.sql",
    sha256="28a0f63a2e95ce3ad6e85d0f2f7c1902b51b2a0934fb63dc2481dc85df12bbf0",
)
