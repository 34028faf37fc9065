"""Install procedures/find_refund_tenant.sql."""

from tenant_quota.apply import install

__depends__ = {"0035_install_find_quota_replay"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_refund_tenant.sql",
    sha256="1b8cfb5b3684957677b1260c6e408a992d272a39ee5f5caa56aaa591b8d4e91f",
)
