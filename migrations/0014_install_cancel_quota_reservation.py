"""Install procedures/cancel_quota_reservation.sql."""

from tenant_quota.apply import install

__depends__ = {"0013_install_acquire_quota_token"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/cancel_quota_reservation.sql",
    sha256="5fe438c3de6aef85de7276e1cd009903a945cb8f3e4a8dfb822d0d991fa334eb",
)
