"""Install procedures/acquire_quota_token.sql."""

from tenant_quota.apply import install

__depends__ = {"0012_install_acquire_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/acquire_quota_token.sql",
    sha256="f501f21d1a8756e224cfea6d143c8311e861f3051b49189dafe718bdb73ee5af",
)
