"""Install procedures/spend_quota_slots.sql."""

from tenant_quota.apply import install

__depends__ = {"0052_install_sort_out_quota_call"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/spend_quota_slots.sql",
    sha256="602fb5a7fd31ee9cc202bc2a952e628ae0ccb1e8e2d377c4841ebd4eb71933a1",
)
