"""Install procedures/release_quota_token.sql."""

from tenant_quota.apply import install

__depends__ = {"0043_install_release_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_token.sql",
    sha256="6666ce689d5c59266d48aee5722cc77e5d2de441c4110104f2c6978eda6c2608",
)
