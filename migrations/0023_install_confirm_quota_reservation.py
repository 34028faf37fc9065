"""Install procedures/confirm_quota_reservation.sql."""

from tenant_quota.apply import install

__depends__ = {"0022_install_compute_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/confirm_quota_reservation.sql",
    sha256="f364aeeef7cc619bcb2c53f549d0e64a5b36105a6738040ba8794d68a3c56bde",
)
