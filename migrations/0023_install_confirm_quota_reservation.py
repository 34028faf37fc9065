"""Install procedures/confirm_quota_reservation.sql."""

from tenant_quota.apply import install

__depends__ = {"0022_install_compute_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/confirm_quota_reservation.sql",
    sha256="f00996c511cef0ae0d4fbe3048c236fb0f6a740ede1a2bd4853d238a9ecf137d",
)
