"""Install events/reset_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0061_install_purge_quota_usage_event"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "events/reset_due_quotas.sql",
    sha256="2efd85a67ea88e4ce1336a9b1aa32f3c3bf4e0f317942b5613b5ac9aba4d91bc",
)
