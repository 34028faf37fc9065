"""Install procedures/reset_quota_now.sql."""

from tenant_quota.apply import install

__depends__ = {"0054_install_reset_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reset_quota_now.sql",
    sha256="b4b1109c12734def66e682829113555b03fa97d36bc792e0f1b7a9ab654247ea",
)
