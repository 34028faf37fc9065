"""Install procedures/return_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0058_install_reset_quota_now"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/return_quota.sql",
    sha256="bc47f5c401432e6ed7dc8323e8db23c6bfc62349d6a1a113d805ccd34ab9b56c",
)
