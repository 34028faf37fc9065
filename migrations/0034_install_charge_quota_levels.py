"""Install procedures/internal/charge/charge_quota_levels.sql."""

from tenant_quota.apply import install

__depends__ = {"0033_install_charge_quota_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/charge/charge_quota_levels.sql",
    sha256="161ab39a2ee5280f43107e8c3845708c07fde444d3216546afb5bda4f5680ab7",
)
