"""Install procedures/find_fresh_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0036_install_expire_quota_reservations"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_fresh_items.sql",
    sha256="4367720682a597f149868ba93e6e14d136c601cf3fde010db27f8b56f2024160",
)
