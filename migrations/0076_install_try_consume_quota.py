"""Install procedures/try_consume_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0075_install_sweep_lapsed_holds"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/try_consume_quota.sql",
    sha256="52db2778f7b234fef03172567372da96634e0047589bdcac46b78ce98f6a0e82",
)
