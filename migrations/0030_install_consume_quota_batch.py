"""Install procedures/consume_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0029_install_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota_batch.sql",
    sha256="9bd0dd631be34f66439690aa302425eb221df3c05c47fc67f0ab46ba3bb66c32",
)
