"""Install procedures/record_quota_charge.sql."""

from tenant_quota.apply import install

__depends__ = {"0052_install_record_quota_alerts"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/record_quota_charge.sql",
    sha256="3b46113a588399b8f4abf8118b68f313f3b5d193a3eb4abf4b27caaaf53a6486",
)
