"""Install procedures/return_quota_units.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0067_install_return_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/return_quota_units.sql",
    sha256="0f74583518ad499fdb0ffe531cdbc9ab87cfd67c3c40f7cc31e3e81aadb1db68",
)
