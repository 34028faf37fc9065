"""Install procedures/find_fresh_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0029_install_expire_quota_reservations"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_fresh_items.sql",
    sha256="92c4c52ee199bafa3201aac2cb354c7f7e08703bd29362ba988ffa642bbc5d1c",
)
