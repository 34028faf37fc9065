"""Install procedures/charge_quota_consumption.sql."""

from tenant_quota.apply import install

__depends__ = {"0017_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_consumption.sql",
    sha256="a9109ffe58ab142f8cac3423a7616a506f580ea08be7dc2db7fc7eaef3fb3ba5",
)
