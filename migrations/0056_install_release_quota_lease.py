"""Install procedures/release_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0055_install_refund_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_lease.sql",
    sha256="e407fcafec33b4c4172ce933e3d6c891b18e938648873271beed9ee46d42c626",
)
