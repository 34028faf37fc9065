"""Install procedures/charge_quota_consumption.sql."""

from tenant_quota.apply import install

__depends__ = {"0017_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_consumption.sql",
    sha256="0656bffe192326552c27807582f2ab1ba224adba1304d0f6dd8b8646c8178935",
)
