"""Install procedures/consume_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0033_install_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota_batch.sql",
    sha256="a77a9f02b592ae3b17429679eab58c6331ea7eccfbe9e4173e45cb03c1c8c4c8",
)
