"""Install procedures/check_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0017_install_charge_quota_levels"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota.sql",
    sha256="18168ffbb191686fa4e1fb791c3caf5ba5fd82edf6681556f268bba8f09d5555",
)
