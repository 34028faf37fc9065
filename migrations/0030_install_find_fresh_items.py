"""Install procedures/find_fresh_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0029_install_expire_quota_reservations"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_fresh_items.sql",
    sha256="5007a580b23146bdd24d683d29c0e5ac54528cf3312d82a1079b266761618105",
)
