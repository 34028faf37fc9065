"""Install procedures/confirm_quota_reservation.sql."""

from tenant_quota.apply import install

__depends__ = {"0027_install_confirm_quota_drift"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/confirm_quota_reservation.sql",
    sha256="764a47d9c324b9764db61c74d98ffa105558a055d77863b48f4285b9559bf266",
)
