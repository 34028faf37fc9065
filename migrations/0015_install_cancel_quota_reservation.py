"""Install procedures/cancel_quota_reservation.sql."""

from tenant_quota.apply import install

__depends__ = {"0014_install_acquire_quota_token"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/cancel_quota_reservation.sql",
    sha256="b86635c19ab7c5e7b0c2ca1e36eeced65caa7cdcf1d9046cefbbae1e9ea6e1ba",
)
