"""Install procedures/confirm_quota_reservation.sql."""

from tenant_quota.apply import install

__depends__ = {"0031_install_confirm_quota_drift"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/confirm_quota_reservation.sql",
    sha256="7b3922d077a71544b8697cc5be3484f41cb55b46e906d5049df4378e9918d64d",
)
