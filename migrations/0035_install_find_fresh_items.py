"""Install procedures/internal/charge/find_fresh_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0034_install_charge_quota_levels"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/charge/find_fresh_items.sql",
    sha256="90e105d15ca013027ead8c9658bd2ed084b48a0fea1e14e4787a608cea335651",
)
