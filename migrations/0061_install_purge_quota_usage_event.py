"""Install events/purge_quota_usage.sql."""

from tenant_quota.apply import install

__depends__ = {"0060_install_expire_quota_reservations_event"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "events/purge_quota_usage.sql",
    sha256="4d05c99ab3517cd7a0f0ea5c8587468c142f402a1bcd76490babf99f10dddb7d",
)
