"""Install procedures/release_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0049_install_refund_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_lease.sql",
    sha256="5a3ad8abdacf335186b35a049178e1917c038b43f9961638df9aada649ee5a68",
)
