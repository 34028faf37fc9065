"""Install procedures/check_quota_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0019_install_check_quota_call"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_items.sql",
    sha256="4a9c377bf53f86497043cd938c41c453d5ea517bda8ff3b389a667306dbaff6b",
)
