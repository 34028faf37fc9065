"""Install procedures/release_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0042_install_refund_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_lease.sql",
    sha256="297132d95962d0a59feb7f37112f5537b7e88b5bb7b8598ef0eaf023194d3a7e",
)
