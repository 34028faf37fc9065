"""Install procedures/release_quota_token.sql."""

from tenant_quota.apply import install

__depends__ = {"0057_install_release_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_token.sql",
    sha256="fe8ba6d18f636d151a65483374f37fd6cd0d70b0eeb61bdef39fe44c42686aee",
)
