"""Install procedures/sweep_lapsed_holds.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0068_install_sweep_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sweep_lapsed_holds.sql",
    sha256="54327790f15aba673d81d61acdef8aae4437a7d459ad5ad81543d4933a928f0e",
)
