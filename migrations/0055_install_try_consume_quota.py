"""Install procedures/try_consume_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0054_install_sweep_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/try_consume_quota.sql",
    sha256="f7066094d840f541be4854b04b0c0084e45e1b5660ca0ab7a737945a9137689d",
)
