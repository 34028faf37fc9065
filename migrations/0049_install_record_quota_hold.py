"""Install procedures/record_quota_hold.sql."""

from tenant_quota.apply import install

__depends__ = {"0048_install_record_quota_alerts"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/record_quota_hold.sql",
    sha256="34f55f79b9547ff6f1d704d42cd59d2761f9bdb35604739b6931a950ac39e657",
)
