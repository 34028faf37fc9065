"""Install procedures/settle_quota_period.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0068_install_settle_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/settle_quota_period.sql",
    sha256="278393eb9f903ff362720f62383474c700fccf0e7eeafeb836feb7ebe7015086",
)
