"""Install procedures/refund_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0042_install_record_quota_alerts"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/refund_quota.sql",
    sha256="1748868e02b84da874adbf2090398447531bea2b037cd4f97672701308e89432",
)
