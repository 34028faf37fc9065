"""Install procedures/release_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0043_install_refund_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_lease.sql",
    sha256="cf31c379d30a28e214a136e05c83de1decbbb0dce392bc54e3a345d810617044",
)
