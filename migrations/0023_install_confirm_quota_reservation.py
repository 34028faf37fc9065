"""Install procedures/confirm_quota_reservation.sql."""

from tenant_quota.apply import install

__depends__ = {"0022_install_compute_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/confirm_quota_reservation.sql",
    sha256="b7529f440e7d27717b0fe03fe7fbe4dd583ba4cecd6f72f05f3e2e7505acef8a",
)
