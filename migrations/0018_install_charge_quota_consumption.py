"""Install procedures/charge_quota_consumption.sql."""

from tenant_quota.apply import install

__depends__ = {"0017_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_consumption.sql",
    sha256="a3eaa02b4796fb6d762ff64fe4de9de02a27d0e7a9035a1a80c6a4497a2edff6",
)
