"""Install procedures/refund_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0054_install_record_quota_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/refund_quota.sql",
    sha256="4cb303a63a6840245b5ab1b63788b27dbab508f1f37a2d57a4c359062a9510b5",
)
