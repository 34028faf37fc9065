"""Install procedures/internal/slot/spend_quota_slot.sql."""

from tenant_quota.apply import install

__depends__ = {"0055_install_collect_quota_slots"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/slot/spend_quota_slot.sql",
    sha256="187138afb3f36e98e934c29b6a19a9af82286ea31e7547c04de6b23e8f93ca61",
)
