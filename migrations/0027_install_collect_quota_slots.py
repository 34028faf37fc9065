"""Install procedures/collect_quota_slots.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0026_install_close_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/collect_quota_slots.sql",
    sha256="9d8800830d5fe5dd875e4011da94bbadf788cbf62d0acf65c9a2404e44153669",
)
