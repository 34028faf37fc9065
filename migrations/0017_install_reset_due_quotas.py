"""Install procedures/administration/reset_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0016_install_reconcile_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/administration/reset_due_quotas.sql",
    sha256="f93cd19d752adbf27691892a068874b9443de09d816e29fc4afd0d3e8c0383a2",
)
