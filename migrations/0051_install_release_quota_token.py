"""Install procedures/release_quota_token.sql."""

from tenant_quota.apply import install

__depends__ = {"0050_install_release_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_token.sql",
    sha256="646640b783378570a0c80b87b4736fa0a0b82a3f3f3ff95976f7d7808aed9814",
)
