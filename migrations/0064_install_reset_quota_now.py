"""Install procedures/reset_quota_now.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0063_install_reset_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reset_quota_now.sql",
    sha256="d20b2c3c1737f927a6e13269699de3accc1e4fcbbc90ab827f67f91d30d8371b",
)
