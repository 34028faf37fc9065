"""Install procedures/purge_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0036_install_open_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_batch.sql",
    sha256="188c7a1e7d13731a181f509e37b30ac23204a574affb19d4fd655c91ebd11674",
)
