"""Install procedures/purge_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0041_install_open_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_batch.sql",
    sha256="513e2af7a8210548e57f4405941a597132748a10f835daab760fc216b77b371c",
)
