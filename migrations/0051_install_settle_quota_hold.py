"""Install procedures/internal/return/settle_quota_hold.sql."""

from tenant_quota.apply import install

__depends__ = {"0050_install_lower_quota_use"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/return/settle_quota_hold.sql",
    sha256="64f4475746054db1581d91e5127a747d0c2c75015a396428d141ff4fb43e0a4a",
)
