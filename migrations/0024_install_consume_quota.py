"""Install procedures/consume_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0023_install_confirm_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota.sql",
    sha256="63d6a013a87701713253f70b8f44b427344dcd53c31c2e2173f7913907f8e223",
)
