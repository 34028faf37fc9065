"""Install procedures/reconcile_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0040_install_read_quota_options"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reconcile_quotas.sql",
    sha256="5dc4ccde2eeead7a9766898626b699ea5eabaf6c0089df196f7d0c6d94bd7997",
)
