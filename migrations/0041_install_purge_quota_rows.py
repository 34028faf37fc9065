"""Install procedures/purge_quota_rows.sql."""

from tenant_quota.apply import install

__depends__ = {"0040_install_purge_quota_ledger"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_rows.sql",
    sha256="24bf45abc432184d8187e3ff1bfc85cfe525593e0fd56b803da47a50f617d369",
)
