"""Install procedures/collect_quota_slots.sql."""

from tenant_quota.apply import install

__depends__ = {"0028_install_close_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/collect_quota_slots.sql",
    sha256="7de2fe902c2de0e50205f95542a1238974ed74024cc176e4cf64b26556dbcb8c",
)
