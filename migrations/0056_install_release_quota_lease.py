"""Install procedures/release_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0055_install_refund_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_lease.sql",
    sha256="8e2e59f15e82bd2f8412a3e9dc6ddef208b48d30895f241d4716bb4d8413ca95",
)
