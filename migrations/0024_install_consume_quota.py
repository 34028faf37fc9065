"""Install procedures/consume_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0023_install_confirm_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota.sql",
    sha256="2576d853df1ee3368c15f69149935104a8bdda6fdb108535d00c12373439c10d",
)
