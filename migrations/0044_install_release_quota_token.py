"""Install procedures/release_quota_token.sql."""

from tenant_quota.apply import install

__depends__ = {"0043_install_release_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_token.sql",
    sha256="f863298c3f358bb4226e45ed8f3b44cdaecf8f8aca43c559c7f427e9a6e6d82e",
)
