"""Install procedures/charge_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0014_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="6469385bfb553be24f4c7c94f5a2007ec7bb0f09d6348fcb8fbc2974064b09b4",
)
