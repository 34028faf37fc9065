"""Install procedures/acquire_quota_token.sql."""

from tenant_quota.apply import install

__depends__ = {"0012_install_acquire_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/acquire_quota_token.sql",
    sha256="ce7b1a1d6123a1b2c1764902c73996fe0241c71d260736e67414809aca4b06dc",
)
