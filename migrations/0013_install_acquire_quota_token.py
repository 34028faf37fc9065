"""Install procedures/acquire_quota_token.sql."""

from tenant_quota.apply import install

__depends__ = {"0012_install_acquire_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/acquire_quota_token.sql",
    sha256="926456647ab4d613477223ee0410a6b9c0930096ad88c50c494b41cf1d5911ae",
)
