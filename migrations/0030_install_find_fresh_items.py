"""Install procedures/find_fresh_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0029_install_expire_quota_reservations"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_fresh_items.sql",
    sha256="c483433aaa024da755f62a8f7a7ad4660ee02c08a1a0aa0fe3b6ca8986200d78",
)
