"""Install procedures/consume_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0023_install_confirm_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota.sql",
    sha256="978ed6b9cecc8096a1a6ac01b5e1263abee6e6dff8e0f34f5b1c452b3dd13bde",
)
