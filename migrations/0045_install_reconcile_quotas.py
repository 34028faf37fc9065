"""Install procedures/reconcile_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0044_install_read_quota_options"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reconcile_quotas.sql",
    sha256="4c5d2ca1a59ced911c2cef0fedaf5a6d5dbf5c63a6cbfa99c4ecd1cc823770a7",
)
