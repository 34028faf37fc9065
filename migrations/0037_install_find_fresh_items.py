"""Install procedures/find_fresh_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0036_install_expire_quota_reservations"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_fresh_items.sql",
    sha256="1d069aab2f1d4cb0ee1ed1f8dbcf7ebf914205d79a8845dee6a1c29abe5775b3",
)
