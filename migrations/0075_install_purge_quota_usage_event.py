"""Install events/purge_quota_usage.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0074_install_expire_quota_reservations_event"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "events/purge_quota_usage.sql",
    sha256="3ea5466809ae9ebdb9c3e62ebb656d26ed88c79dca77adfde3adfbf6da6de51c",
)
