"""Install procedures/charge_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0014_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="5d9b2e48224cfa4198671faa09961da74efbcd4e440256a3cd5f145201bc0216",
)
