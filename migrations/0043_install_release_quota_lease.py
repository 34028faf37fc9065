"""Install procedures/release_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0042_install_refund_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_lease.sql",
    sha256="f40af51fd4165d07410bdb4a903546fbc1596ef42115803e63f778a07223688e",
)
