"""Install procedures/charge_quota_batch.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0015_install_charge_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_batch.sql",
    sha256="651598a2b240fd8f8f5ceba86fe340aa0e05ab8c114e698344cb56c3ceb664b0",
)
