"""Install procedures/confirm_quota_reservation.sql."""

from tenant_quota.apply import install

__depends__ = {"0027_install_confirm_quota_drift"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/confirm_quota_reservation.sql",
    sha256="144f34a24f9e95e77ac53df450d9bcb560f0f5dbafd00404f5eb034a96b1a17f",
)
