"""Install procedures/spend_quota_slot.sql."""

from tenant_quota.apply import install

__depends__ = {"0060_install_sort_out_quota_call"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/spend_quota_slot.sql",
    sha256="1372c8cd0edab0297b76f33d6dba36c53f9aaa3560595658a478ce7a2f1b0ee0",
)
