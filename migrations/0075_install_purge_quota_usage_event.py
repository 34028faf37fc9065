"""Install events/purge_quota_usage.sql."""

from tenant_quota.apply import install

__depends__ = {"0074_install_expire_quota_reservations_event"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "events/purge_quota_usage.sql",
    sha256="2aa10cdd46156bc56234e68a1fec41e8b50d6913e9395790726b2db589e446bb",
)
