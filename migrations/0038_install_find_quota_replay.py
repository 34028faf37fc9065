"""Install procedures/find_quota_replay.sql."""

from tenant_quota.apply import install

__depends__ = {"0037_install_find_fresh_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_replay.sql",
    sha256="d9f2e3c48047456b9e511311331c37e9f1848d5803dec312f6e95d1541ed5420",
)
