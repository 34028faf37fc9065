"""Install procedures/application/confirm_quota_reservation.sql."""

from tenant_quota.apply import install

__depends__ = {"0022_install_check_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/application/confirm_quota_reservation.sql",
    sha256="224bcece221dc80e0b580406841c14ccf6efedb9884021911b689571c4fb8703",
)
