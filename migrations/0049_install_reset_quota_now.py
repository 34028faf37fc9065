"""Install procedures/reset_quota_now.sql."""

from tenant_quota.apply import install

__depends__ = {"0048_install_reset_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reset_quota_now.sql",
    sha256="5c9c18733144befb61b7cadfab78b421f2f1a7d2147188c2cb693f11feca7c8f",
)
