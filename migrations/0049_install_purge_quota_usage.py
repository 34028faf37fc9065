"""Install procedures/purge_quota_usage.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0048_install_purge_quota_rows"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_usage.sql",
    sha256="f083c8c1c525dfacfa47637a4f041b1d35eeeaff1c2034009d55fa2f1b15a86a",
)
