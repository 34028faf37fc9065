"""Install procedures/find_fresh_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0030_install_expire_quota_reservations"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_fresh_items.sql",
    sha256="b5ad8c9b07c73622d73822cc633a4d7ed412d714c3e1d199ae336c543603af50",
)
