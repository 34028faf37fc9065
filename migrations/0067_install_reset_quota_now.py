"""Install procedures/reset_quota_now.sql."""

from tenant_quota.apply import install

__depends__ = {"0066_install_reset_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reset_quota_now.sql",
    sha256="159ed9861d23b870f9d37ebc063b75085323cac7c6c66e15b9c0358863beb733",
)
