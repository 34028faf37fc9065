"""Install procedures/sweep_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0068_install_spend_quota_slot"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sweep_due_quotas.sql",
    sha256="74ccba36d8e7510cb4c0c40d0a1a61f73b885b921c88008af201894871f5c471",
)
