"""Install procedures/refund_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0054_install_record_quota_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/refund_quota.sql",
    sha256="6564b2426bac2f4204ff33ac1d7b4059ce074e0726a50dbda8172fbd88e3bd85",
)
