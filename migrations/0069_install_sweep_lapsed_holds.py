"""Install procedures/sweep_lapsed_holds.sql."""

from tenant_quota.apply import install

__depends__ = {"0068_install_sweep_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sweep_lapsed_holds.sql",
    sha256="f964be326acff3bb0982105c16d4b4a38d0fc5dfd3e631d54adac8792db407cd",
)
