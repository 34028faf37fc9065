"""Install procedures/charge_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0014_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="1c9a62db8ef4a6103e00180b8561f4c2a7174d47b4f05d18baed979b54c70873",
)
