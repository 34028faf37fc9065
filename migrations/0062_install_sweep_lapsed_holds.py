"""Install procedures/sweep_lapsed_holds.sql."""

from tenant_quota.apply import install

__depends__ = {"0061_install_sweep_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sweep_lapsed_holds.sql",
    sha256="3fecd0680a3d7b646261c9edafaf8d5003ae290e65f1d5064ea5822f47827981",
)
