"""Install procedures/compute_quota_period.sql."""

from tenant_quota.apply import install

__depends__ = {"0022_install_collect_quota_slots"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/compute_quota_period.sql",
    sha256="17708eb54ee615f3bb82a6c36324ec83a361333bf9d56d464b16f8c6d5d83c46",
)
