"""Install procedures/find_fresh_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0036_install_expire_quota_reservations"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_fresh_items.sql",
    sha256="36663b98db8f148a87e2bd2a193d606828fe85c06416556b3350cf290636e588",
)
