"""Install procedures/sweep_lapsed_holds.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0068_install_sweep_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sweep_lapsed_holds.sql",
    sha256="4c899dbe8d868c2c69aeb262cee7c48770a02c729750f889bbbf5a7e8e5592ea",
)
