"""Install procedures/settle_quota_hold.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0063_install_return_quota_units"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/settle_quota_hold.sql",
    sha256="28aded13dd68954d3239150cc4c3905ce26891d0563d67e8c64da1fb0c53befd",
)
