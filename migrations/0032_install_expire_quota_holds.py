"""Install procedures/expire_quota_holds.sql."""

from tenant_quota.apply import install

__depends__ = {"0031_install_end_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/expire_quota_holds.sql",
    sha256="1bfe8fb4f053541f04283f684836b275d2a4d5d6678cd116c9e643325036251c",
)
