"""Install procedures/release_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0055_install_refund_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_lease.sql",
    sha256="d049de4c170aa0dfed5e5e9900dfb0ea56cc275aa175d3ffed8771c8f3d8da08",
)
