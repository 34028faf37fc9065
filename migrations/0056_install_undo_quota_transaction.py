"""Install procedures/undo_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0055_install_try_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/undo_quota_transaction.sql",
    sha256="f4e8bf1798f499b0189b33a78f199dbe74be8536aedb4200bc705fb48f080c2a",
)
