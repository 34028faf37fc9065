"""Install procedures/spend_quota_slot.sql."""

from tenant_quota.apply import install

__depends__ = {"0053_install_sort_out_quota_call"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/spend_quota_slot.sql",
    sha256="90c4f637b6243935a34728af6b2cd50f74767d66b4b86dbea876caf3c019f3a3",
)
