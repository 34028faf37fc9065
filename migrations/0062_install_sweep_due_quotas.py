"""Install procedures/sweep_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0061_install_spend_quota_slot"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sweep_due_quotas.sql",
    sha256="d1c15cd0272b879786b4da05da371444ff765ca560a5ec92f0ee48fbb8be150f",
)
