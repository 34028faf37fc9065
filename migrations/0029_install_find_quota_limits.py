"""Install procedures/find_quota_limits.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0028_install_expire_quota_reservations"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_limits.sql",
    sha256="e6d8ff87927a998eddedc6c32fcb31d276c3be72f58d8dfff8cd15ae50bd625e",
)
