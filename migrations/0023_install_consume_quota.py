"""Install procedures/consume_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0022_install_confirm_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota.sql",
    sha256="ab0553b5d96308f1b64c61b315c07efa71bb0ef2b11ce809cdb81d5a67648f4b",
)
