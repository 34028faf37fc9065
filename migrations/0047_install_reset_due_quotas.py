"""Install procedures/reset_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0046_install_reserve_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reset_due_quotas.sql",
    sha256="48bbfa1e23d3bc48ceb2e01f6a9955b0c36bc1700b5c2eb27f599d82291aa210",
)
