"""Install procedures/sweep_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0067_install_spend_quota_slot"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sweep_due_quotas.sql",
    sha256="72815abca0b34b3e8ec3a4071f2370d18494397b7869f7ef6dcdc346d5f62306",
)
