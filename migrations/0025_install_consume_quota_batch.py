"""Install procedures/consume_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0024_install_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota_batch.sql",
    sha256="a2eb1f4b3f441eb7aec7016b2101f53df42fe2e5109ec3a0bee90af9cf1d713e",
)
