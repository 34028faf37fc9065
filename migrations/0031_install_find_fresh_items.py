"""Install procedures/find_fresh_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0030_install_expire_quota_reservations"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_fresh_items.sql",
    sha256="dac5c36b502cde0b3bd2d9ea748c1fc8d98ce72aafad3f1d47d7af2be714a8e7",
)
