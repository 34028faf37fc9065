"""Install procedures/release_quota_token.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0055_install_release_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_token.sql",
    sha256="2e7081263ad8cf19b2225d9c2ecfba31211f5c0217f3e75a351f53b098b08dfc",
)
