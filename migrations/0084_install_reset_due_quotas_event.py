"""Install events/reset_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0083_install_purge_quota_usage_event"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "events/reset_due_quotas.sql",
    sha256="ae9194f8d8f1f5231417f78da29d41c1fc3d703bfcfdd5fc5d45e45b93fde212",
)
