"""Install procedures/refund_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0042_install_record_quota_alerts"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/refund_quota.sql",
    sha256="57ee932a2803137f4e965a2eb1963928a8bbe01a1cfa89ad3c89ad0e1144859c",
)
