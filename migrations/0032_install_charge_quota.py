"""Install procedures/internal/charge/charge_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0031_install_try_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/charge/charge_quota.sql",
    sha256="083dfc1d5809c0b9a30ab9c88d6b18b600021789910a7ce90f9b36fc8251ab50",
)
