"""Install procedures/close_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0020_install_check_quota_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/close_due_quotas.sql",
    sha256="16f5ac2b59705cb784f68f87975e2a5201f8a81c48c44420b20443c8d987e9af",
)
