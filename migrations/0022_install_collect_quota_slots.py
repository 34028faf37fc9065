"""Install procedures/collect_quota_slots.sql."""

from tenant_quota.apply import install

__depends__ = {"0021_install_close_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/collect_quota_slots.sql",
    sha256="e91c08eafd7ee79d0697d1161c1520985eb13dc3b77629e8172ab01c1c39e6ea",
)
