"""Install procedures/define_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0025_install_consume_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_quota.sql",
    sha256="fa7ceca7d5cc435fcf05a07c49bca44379bd2301dbbd20ec4dbe054786c415b1",
)
