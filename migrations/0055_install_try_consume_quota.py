"""Install procedures/try_consume_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0054_install_sweep_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/try_consume_quota.sql",
    sha256="4f62048e33edb8fd9325ed879735fcd14515b81c5ea2fcf7341d8ebc2c8182df",
)
