"""Install procedures/reset_quota_now.sql."""

from tenant_quota.apply import install

__depends__ = {"0047_install_reset_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reset_quota_now.sql",
    sha256="b0efcc931eb0f1e307ddd560d612c257606ebabffbea0c63efd72fcb2528a85c",
)
