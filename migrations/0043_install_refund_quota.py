"""Install procedures/refund_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0042_install_record_quota_alerts"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/refund_quota.sql",
    sha256="2891c04a19b4b913eecdc26c15fa93714d742f7d1f1cb8d4730a2693a370a2c1",
)
