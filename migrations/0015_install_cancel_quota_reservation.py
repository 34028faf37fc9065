"""Install procedures/cancel_quota_reservation.sql."""

from tenant_quota.apply import install

__depends__ = {"0014_install_acquire_quota_token"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/cancel_quota_reservation.sql",
    sha256="c0df993b2f22c85f7af64f668f9969d4b79026a0061b94b3901c93f1f0d6b9df",
)
