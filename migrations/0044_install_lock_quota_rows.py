"""Install procedures/lock_quota_rows.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0043_install_lock_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/lock_quota_rows.sql",
    sha256="63edf9404c3439054bc1fa5bcfdf9e0e240edde79f0e31e3b71f749d3f518f20",
)
