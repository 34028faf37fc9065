"""Install procedures/return_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0058_install_reset_quota_now"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/return_quota.sql",
    sha256="39edb5b07b18103745ee38f7521bb26e6cdcbc54b706a5e0152ec70e9b49a50b",
)
