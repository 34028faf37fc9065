"""Install procedures/release_quota_token.sql."""

from tenant_quota.apply import install

__depends__ = {"0053_install_release_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_token.sql",
    sha256="b6e2cecd67658c7019d86e8a0e9e1afa47160155f59ee43250400e84fee0968f",
)
