"""Install procedures/purge_quota_ledger.sql."""

from tenant_quota.apply import install

__depends__ = {"0039_install_open_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_ledger.sql",
    sha256="930322fff18b1b6487ce9d8ba4b7efeee1b77645d52e9c96cf6a041c536befc1",
)
