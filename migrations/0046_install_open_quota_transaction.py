"""Install procedures/open_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0045_install_lower_quota_use"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/open_quota_transaction.sql",
    sha256="85ca5d8d36c8028e2cc7bd730ca79df82140dcbbb0ed9b989f4da645bb8545d6",
)
