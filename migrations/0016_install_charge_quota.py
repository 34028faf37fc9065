"""Install procedures/charge_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0015_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="e7875d7705e1e084c30137d3360d78eaa1c5d32e3b3cbe4cde0d39171b58ee6b",
)
