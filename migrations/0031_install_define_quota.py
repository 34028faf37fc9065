"""Install procedures/define_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0030_install_convert_quota_time"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_quota.sql",
    sha256="e0df9177289b5d59718eb20b41f4793b854e1b3772139afd4883e48f1737a13c",
)
