"""Install procedures/purge_quota_rows.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0047_install_purge_quota_ledger"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_rows.sql",
    sha256="caf78fbd0da6fd1f7abffa6b1a5b903ea4059c24960a04583acb2dfd37bdf8eb",
)
