"""Install procedures/purge_quota_usage.sql."""

from tenant_quota.apply import install

__depends__ = {"0038_install_purge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_usage.sql",
    sha256="7680b31204e17abaa7036b084b890f6f395770d0a4099cb95fe6bb1af17cebfe",
)
