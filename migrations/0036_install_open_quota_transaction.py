"""Install procedures/open_quota_transaction.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0035_install_lock_quota_rows"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/open_quota_transaction.sql",
    sha256="716b3462172f99c59f5bb9a8548fb5272cc3b587b68fe9dbc5e3e5625641b0bd",
)
