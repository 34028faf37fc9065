"""Install procedures/cancel_quota_reservation.sql."""

from tenant_quota.apply import install

__depends__ = {"0014_install_acquire_quota_token"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/cancel_quota_reservation.sql",
    sha256="20e9dce16fa5c0f284a650fd264b3a935683fa2fdd40ea346e92b52363b7b4b9",
)
