"""Install procedures/purge_quota_usage.sql."""

from tenant_quota.apply import install

__depends__ = {"0041_install_purge_quota_rows"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_usage.sql",
    sha256="d4cb5f452c94be1073c2689f97d08f58bbe75e8b0b3a90d237e7c08d614bf9e5",
)
