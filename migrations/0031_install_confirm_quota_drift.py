"""Install procedures/confirm_quota_drift.sql."""

from tenant_quota.apply import install

__depends__ = {"0030_install_compute_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/confirm_quota_drift.sql",
    sha256="5cc0c8c7fd44dceb955a78a7197cff2a5d08cde16577a00c17bed44c00aea788",
)
