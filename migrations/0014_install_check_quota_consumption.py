"""Install procedures/check_quota_consumption.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0013_install_check_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_consumption.sql",
    sha256="ccdd8d5e6a9f31f7a15447fd50fe6d3d132ea2d83d7437bea43dd6491b6940d7",
)
