"""Install procedures/check_quota_consumption.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0020_install_check_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_consumption.sql",
    sha256="226ccbd5fa5a59d8f9e21047a1a292656c93494abced9fbe91c9bcd692fb74c7",
)
