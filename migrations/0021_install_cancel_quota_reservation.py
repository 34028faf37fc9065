"""Install procedures/application/cancel_quota_reservation.sql."""

from tenant_quota.apply import install

__depends__ = {"0020_install_acquire_quota_token"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/application/cancel_quota_reservation.sql",
    sha256="fb93a2b7071775621dec4560421cf858fcfdad44e3f5d95a70a5649d2783c14b",
)
