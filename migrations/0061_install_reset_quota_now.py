"""Install procedures/reset_quota_now.sql."""

from tenant_quota.apply import install

__depends__ = {"0060_install_reset_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reset_quota_now.sql",
    sha256="db11918ebf761436e01890c4a3483f55789dfcc4778e976fcdfd755dfa105f69",
)
