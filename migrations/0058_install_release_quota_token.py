"""Install procedures/release_quota_token.sql."""

from tenant_quota.apply import install

__depends__ = {"0057_install_release_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_token.sql",
    sha256="e9322eb24da32fc56ab60783e5f5aa0f2f3a785c17cb7721394be1b95b5c086d",
)
