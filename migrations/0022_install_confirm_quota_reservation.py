"""Install procedures/confirm_quota_reservation.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0021_install_compute_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/confirm_quota_reservation.sql",
    sha256="7b3922d077a71544b8697cc5be3484f41cb55b46e906d5049df4378e9918d64d",
)
