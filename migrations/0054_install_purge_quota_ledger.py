"""Install procedures/purge_quota_ledger.sql."""

from tenant_quota.apply import install

__depends__ = {"0053_install_open_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_ledger.sql",
    sha256="f7f5c3706b063f65fff6b5eb053ef30191460941bfdac2941acffd5d67090fff",
)
