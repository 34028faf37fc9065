"""Install procedures/refund_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0054_install_record_quota_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/refund_quota.sql",
    sha256="afb6abba2e87cbebed5cd93c44c8ea01b0163724f69f3d6f4b3b8deafdfc7a81",
)
