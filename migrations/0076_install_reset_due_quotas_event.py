"""Install events/reset_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0075_install_purge_quota_usage_event"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "events/reset_due_quotas.sql",
    sha256="b616eb8c1f97f74236528743d6b3004e1d7c9d70f36f598b85627f95e5d2c9fb",
)
