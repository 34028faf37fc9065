"""Install procedures/try_consume_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0054_install_sweep_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/try_consume_quota.sql",
    sha256="1d7f64b29b2e3ae4e1ebb678363e4bd65b7ed741117f16542e5c14d03f724fca",
)
