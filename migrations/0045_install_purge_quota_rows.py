"""Install procedures/purge_quota_rows.sql."""

from tenant_quota.apply import install

__depends__ = {"0044_install_purge_quota_ledger"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_rows.sql",
    sha256="20dd12079047bf770ee08c13de271de9d1d7dec546645166e8b8f2312ec7c1f0",
)
