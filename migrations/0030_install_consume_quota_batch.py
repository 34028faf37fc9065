"""Install procedures/consume_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0029_install_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota_batch.sql",
    sha256="7745d6733bea70b82bc6db564322e4d2642683bdc8137802d3a5e1cd1f177b17",
)
