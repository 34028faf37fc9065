"""Install procedures/return_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0061_install_reset_quota_now"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/return_quota.sql",
    sha256="ec99aba8db8b560db224dc88d4a38bdeb28ad0ad8a3c566d5984d0e94bb0a967",
)
