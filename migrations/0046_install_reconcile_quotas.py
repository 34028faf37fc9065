"""Install procedures/reconcile_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0045_install_read_quota_options"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reconcile_quotas.sql",
    sha256="e41865c6e3b6572124f4639ff4c5e07c36d0c37b31da3d9dee80a6cc2b1faa5b",
)
