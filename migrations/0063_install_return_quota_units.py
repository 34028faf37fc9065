"""Install procedures/return_quota_units.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0062_install_return_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/return_quota_units.sql",
    sha256="24d9b8a027c7edf0ba18fcf13d5bc6717d48680b6bfd9f5f7b8733cfbfc462b0",
)
