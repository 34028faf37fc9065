"""Install procedures/confirm_quota_reservation.sql."""

from tenant_quota.apply import install

__depends__ = {"0027_install_confirm_quota_drift"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/confirm_quota_reservation.sql",
    sha256="9eaba3b4680e2a5236b372a8aeaf5033bfa676b2533822d1e0229a18c01c8bfe",
)
