"""Install procedures/purge_quota_usage.sql."""

from tenant_quota.apply import install

__depends__ = {"0037_install_purge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_usage.sql",
    sha256="58990731326c3451e202b52f0fcebfce30ae37297377666195b0eab1e9c6a9de",
)
