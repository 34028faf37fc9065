"""Install procedures/spend_quota_slot.sql."""

from tenant_quota.apply import install

__depends__ = {"0052_install_sort_out_quota_call"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/spend_quota_slot.sql",
    sha256="2a64aaee4ae4950bc73dca94cff616add50b0e561aa053c3057bb16004018df3",
)
