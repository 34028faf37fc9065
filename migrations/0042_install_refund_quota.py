"""Install procedures/refund_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0041_install_record_quota_alerts"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/refund_quota.sql",
    sha256="6fd53d008ad25fb392bd9d1898d9b0632c73c82ee170de6020da8aa65a89a5ad",
)
