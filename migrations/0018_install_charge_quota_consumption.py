"""Install procedures/charge_quota_consumption.sql."""

from tenant_quota.apply import install

__depends__ = {"0017_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_consumption.sql",
    sha256="e0b2c52b756672044077b4d064a4516115f1aed72597b638e0ff7a4f94458c91",
)
