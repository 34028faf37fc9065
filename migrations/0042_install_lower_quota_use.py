"""Install procedures/lower_quota_use.sql."""

from tenant_quota.apply import install

__depends__ = {"0041_install_lock_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/lower_quota_use.sql",
    sha256="033490917697c2eaf0b963f39b311903322de45f55b8f81431a280c70e3d681b",
)
