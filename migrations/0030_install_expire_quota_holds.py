"""Install procedures/expire_quota_holds.sql."""

from tenant_quota.apply import install

__depends__ = {"0029_install_end_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/expire_quota_holds.sql",
    sha256="4615e4c6c95ad36d96bfaf9b8066112319e4b9276b2ce4482d6db4082917b4c5",
)
