"""Install procedures/reconcile_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0040_install_read_quota_options"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reconcile_quotas.sql",
    sha256="88045bff5e276374f6f398f864baa26ad0d87d74b0f6cd9dca542f4c23b23a7a",
)
