"""Install procedures/define_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0025_install_consume_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_quota.sql",
    sha256="8dc7d6d4654d851535c01531dbe7440c449d34ff1dcb5833b7959865c01d2eb5",
)
