"""Install procedures/try_consume_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0077_install_sweep_lapsed_holds"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/try_consume_quota.sql",
    sha256="9443439421bc74549750bb57b800543231e9d6d4156b81b6052d4aa25ef24ae2",
)
