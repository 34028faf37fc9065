"""Install procedures/lower_quota_use.sql."""

from tenant_quota.apply import install

__depends__ = {"0041_install_lock_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/lower_quota_use.sql",
    sha256="92b066893f18fd0ea51e33eee62a6604b7cdd74d2f11370bb6ee83271f85b5a1",
)
