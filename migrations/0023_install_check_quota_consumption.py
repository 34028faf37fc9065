"""Install procedures/check_quota_consumption.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0022_install_check_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_consumption.sql",
    sha256="5a1cfc4d70a1959cda13e0e64872db31ef137e8d77c2b1179104300ff7f5716b",
)
