"""Install procedures/spend_quota_slot.sql."""

from tenant_quota.apply import install

__depends__ = {"0063_install_sort_out_quota_call"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/spend_quota_slot.sql",
    sha256="0e76bd9cbb80a01c3e5a4399101361710613a75e30ffb7dfdbabfde313c1753b",
)
