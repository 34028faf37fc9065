"""Install procedures/reset_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0059_install_reserve_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reset_due_quotas.sql",
    sha256="2c334d26713cd3602eed542cb5e7f5b7592d65dd7f9bcb9681f1a4701c40729d",
)
