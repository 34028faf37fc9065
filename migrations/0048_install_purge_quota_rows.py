"""Install procedures/purge_quota_rows.sql."""

from tenant_quota.apply import install

__depends__ = {"0047_install_purge_quota_ledger"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_rows.sql",
    sha256="6376588bb951978b976d006250a57b2af5eb2ef9962edd486393c18b1173c2bb",
)
