"""Install procedures/release_quota_token.sql."""

from tenant_quota.apply import install

__depends__ = {"0056_install_release_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_token.sql",
    sha256="bd5cf5bd55cdc6eca90f86c6860cc1b8465475b23b5c29ca8785be3a133ea08f",
)
