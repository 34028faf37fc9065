"""Install procedures/purge_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0036_install_open_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_batch.sql",
    sha256="0ac0c2b5e539fbebbb25075a8b387973089073cff08ee6b67eb5fe01d53bfc6d",
)
