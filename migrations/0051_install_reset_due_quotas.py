"""Install procedures/reset_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0050_install_reserve_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reset_due_quotas.sql",
    sha256="9fca3a2ad37e996e5720ee5074e34ba18d4fe8778bb858d5b5c1f74b9dbbf552",
)
