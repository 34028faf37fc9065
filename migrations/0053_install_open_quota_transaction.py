"""Install procedures/open_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0052_install_move_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/open_quota_transaction.sql",
    sha256="a9b1f1ef5ac44f2d05d6fb9e3a45ab6e5f823f748484d46aeaeb88a2956db93e",
)
