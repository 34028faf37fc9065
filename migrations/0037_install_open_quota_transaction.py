"""Install procedures/open_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0036_install_lower_quota_use"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/open_quota_transaction.sql",
    sha256="8148fd5dd71a4557292a2e1f6e735f58553225f6d57e1ad6f768b7883009da60",
)
