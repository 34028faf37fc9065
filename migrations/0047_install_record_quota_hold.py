"""Install procedures/record_quota_hold.sql."""

from tenant_quota.apply import install

__depends__ = {"0046_install_record_quota_alerts"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/record_quota_hold.sql",
    sha256="0a3ca461e17a21d8a6e3af43ad97c6eef5f7433c6cba59b405614c04b6a4bfdd",
)
