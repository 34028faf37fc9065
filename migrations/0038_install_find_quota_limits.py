"""Install procedures/find_quota_limits.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0037_install_find_quota_label"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_limits.sql",
    sha256="079d821235b5a32f8ea3953b8c3ddc0c6b2500c6b1ad785b586d52d2797f104e",
)
