"""Install procedures/consume_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0029_install_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota_batch.sql",
    sha256="5da627495c984fe69ce0848d0bc48c46b94d1937964a567e0f526b410cf0104e",
)
