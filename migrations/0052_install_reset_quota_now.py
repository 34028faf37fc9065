"""Install procedures/reset_quota_now.sql."""

from tenant_quota.apply import install

__depends__ = {"0051_install_reset_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reset_quota_now.sql",
    sha256="6d65b902834208cccefe6db08ac4209edb70a84593a363300a063053f5d38856",
)
