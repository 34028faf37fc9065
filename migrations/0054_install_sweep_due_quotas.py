"""Install procedures/sweep_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0053_install_spend_quota_slots"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sweep_due_quotas.sql",
    sha256="8c08e8f97bfec7751deb045228f284e79740e36d15a2ce110fa086ef23852ff7",
)
