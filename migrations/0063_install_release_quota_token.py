"""Install procedures/release_quota_token.sql."""

from tenant_quota.apply import install

__depends__ = {"0062_install_release_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_token.sql",
    sha256="f2fe740422e66acc2a836d137e22c888d2c851b355d9a4a0a0853f29e626adc3",
)
