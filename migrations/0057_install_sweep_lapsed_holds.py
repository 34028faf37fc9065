"""Install procedures/sweep_lapsed_holds.sql."""

from tenant_quota.apply import install

__depends__ = {"0056_install_sweep_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sweep_lapsed_holds.sql",
    sha256="f05bea8a392c2d645f62db874c638053e7cace474de430794b5fbbde022cabdc",
)
