"""Install events/purge_quota_usage.sql."""

from tenant_quota.apply import install

__depends__ = {"0060_install_expire_quota_reservations_event"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "events/purge_quota_usage.sql",
    sha256="786b8d0af248548a43b5eb82e2aeba240e2c1cba8721e86bbc8ba928d4ae5ab6",
)
