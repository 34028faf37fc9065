"""Install procedures/purge_quota_ledger.sql."""

from tenant_quota.apply import install

__depends__ = {"0053_install_open_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_ledger.sql",
    sha256="5a2a3bb57c9d90268eab089a8da150c3ddd458c084af9609005bedf5b6d13cc3",
)
