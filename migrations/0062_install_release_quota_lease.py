"""Install procedures/release_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0061_install_refund_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_lease.sql",
    sha256="faf275db732de8a7cf4a0763da60a8f576d3c7d24212b11e8d4882abf3c76b3d",
)
