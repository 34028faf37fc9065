"""Install procedures/spend_quota_slot.sql."""

from tenant_quota.apply import install

__depends__ = {"0052_install_sort_out_quota_call"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/spend_quota_slot.sql",
    sha256="6176c2f5a443f314bcb1cadda735e96f4203a2097f89d53105912dfed4e8f605",
)
