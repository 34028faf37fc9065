"""Install procedures/return_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0060_install_reset_quota_now"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/return_quota.sql",
    sha256="57e0268be4608c819269d89f3db3c0e43c2d13312d4639fe9095eb14395bb6ae",
)
