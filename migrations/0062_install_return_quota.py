"""Install procedures/return_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0061_install_reset_quota_now"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/return_quota.sql",
    sha256="2fd702ea7bdeae84285052d2f4456894fe225755fc1d3cc0809e9f1b92747291",
)
