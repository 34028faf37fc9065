"""Install procedures/return_quota_hold.sql."""

from tenant_quota.apply import install

__depends__ = {"0068_install_return_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/return_quota_hold.sql",
    sha256="d6555604b2739c6440244536aef043270406fe183a7110a06a51b0de560c991e",
)
