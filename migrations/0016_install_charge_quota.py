"""Install procedures/charge_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0015_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="39b9693d40b87ae9f3dda373bf726fd3c1427abb782cb17946536ab3fba98ad2",
)
