"""Install procedures/cancel_quota_reservation.sql."""

from tenant_quota.apply import install

__depends__ = {"0013_install_acquire_quota_token"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/cancel_quota_reservation.sql",
    sha256="f5927109f8ed3e218ddc861b76ae8da70eefeeb673e92fc8cbc3fb7b0abbd9b0",
)
