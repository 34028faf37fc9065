"""Install procedures/charge_quota_consumption.sql."""

from tenant_quota.apply import install

__depends__ = {"0017_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_consumption.sql",
    sha256="df0d89a72d38450d2e5dc701aa95dbac8b9752df8890897b98a2287accc71a47",
)
