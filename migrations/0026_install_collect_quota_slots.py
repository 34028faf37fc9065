"""Install procedures/collect_quota_slots.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0025_install_close_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/collect_quota_slots.sql",
    sha256="ee616a041ee9dde9ee67e7bf707a3cade643790ec6e8957632634ee58cc40867",
)
