"""Install procedures/check_quota_name.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0014_install_check_quota_consumption"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_name.sql",
    sha256="a9dc1e6899c252ff624d693a3e8f24c92b959827fc23fe2127a8c8716835adb3",
)
