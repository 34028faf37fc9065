"""Install procedures/expire_quota_reservations.sql."""

from tenant_quota.apply import install

__depends__ = {"0035_install_expire_quota_holds"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/expire_quota_reservations.sql",
    sha256="d2d8b79dd8b090beca8eeec541f2812e0b8419366458a34b4928bd3258670d28",
)
