"""Install procedures/read_quota_options.sql."""

from tenant_quota.apply import install

__depends__ = {"0038_install_purge_quota_usage"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/read_quota_options.sql",
    sha256="a18ad07e6cde0a5c7249a99fae975522f4550883929d5f55e67b46ce6b8a751a",
)
