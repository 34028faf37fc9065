"""Install procedures/charge_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0015_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="741245305671f0bad073be3e62d9d494a2a4cb23e7d9d9983694fec642f7b16e",
)
