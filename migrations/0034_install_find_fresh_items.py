"""Install procedures/find_fresh_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0033_install_expire_quota_reservations"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_fresh_items.sql",
    sha256="4f3e1f0e500cd61b0c3ffcf937dbb249aca3507caa79ab607500e2fe58218418",
)
