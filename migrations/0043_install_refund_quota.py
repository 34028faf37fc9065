"""Install procedures/refund_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0042_install_record_quota_alerts"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/refund_quota.sql",
    sha256="9da15a3ec39c8bb3cfa0c7ed6ccc2fc2ddb8e89536c1f2eda4acd94be3e6658a",
)
