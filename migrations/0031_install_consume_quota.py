"""Install procedures/consume_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0030_install_confirm_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota.sql",
    sha256="b4a65134cdb365f232f499a02a21ac998bb8c1a698a72a3fbba9157486f1ace2",
)
