"""Install procedures/consume_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0028_install_confirm_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota.sql",
    sha256="f3c974a52e4f3b18ee586a01eb22cf7037df73feedbedb015dc95035dd0c85ba",
)
