"""Install procedures/charge_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0014_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="14f2d0f88dd68eb32e2e0db10ff68bf92c589dfc1fabdc4a8e7513fe546b8ca0",
)
