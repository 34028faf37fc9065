"""Install procedures/administration/reset_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0017_install_reset_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/administration/reset_quota.sql",
    sha256="4b9b310122e28c5ac1d4fa667dcfb30dcc5b3d04b92ce82fbe3ed818232c52e4",
)
