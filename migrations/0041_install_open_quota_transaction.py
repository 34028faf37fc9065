"""Install procedures/open_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0040_install_lower_quota_use"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/open_quota_transaction.sql",
    sha256="db602e20240dc5f8fd624145f401804617efa2ae8d77161c721ef059046ac35a",
)
