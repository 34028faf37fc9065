"""Install procedures/consume_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0024_install_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota_batch.sql",
    sha256="ede72d537b6316bf27ecbd14e9e7178ec63885364976f0002e3ef84ddc769892",
)
