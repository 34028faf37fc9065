"""Install procedures/sweep_lapsed_holds.sql."""

from tenant_quota.apply import install

__depends__ = {"0062_install_sweep_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sweep_lapsed_holds.sql",
    sha256="703874640bb190a2d53d33928d5fb243802b183f64c1ac2673a7076c56e74158",
)
