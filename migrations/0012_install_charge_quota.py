"""Install procedures/charge_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0011_install_acquire_quota_token"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="a310db26958f7424e6cca747be40ed6f21bda03b677d0cd9164939ae4a6632dc",
)
