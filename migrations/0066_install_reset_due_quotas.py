"""Install procedures/reset_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0065_install_reserve_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reset_due_quotas.sql",
    sha256="60f25c0f37d697e2a54607bec4888a50be5b487811315ca37508854851c100b3",
)
