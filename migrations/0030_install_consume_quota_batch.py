"""Install procedures/consume_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0029_install_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota_batch.sql",
    sha256="56a2499f43c20bc1fa6fff0dd5db5f663c52202c1d9e226a862f2bb7d2aeb889",
)
