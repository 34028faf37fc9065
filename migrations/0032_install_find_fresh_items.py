"""Install procedures/find_fresh_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0031_install_expire_quota_reservations"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_fresh_items.sql",
    sha256="3fa044dcce1804a57cde1fc91955e444edeb24eab6d99c498d22b2ee6e5cf916",
)
