"""Install procedures/reset_quota_now.sql."""

from tenant_quota.apply import install

__depends__ = {"0047_install_reset_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reset_quota_now.sql",
    sha256="05d14ba88598aa43bb284b09656bfd27219e92a0df164dd06f5fd94a59c27085",
)
