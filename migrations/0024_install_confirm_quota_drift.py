"""Install procedures/confirm_quota_drift.sql."""

from tenant_quota.apply import install

__depends__ = {"0023_install_compute_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/confirm_quota_drift.sql",
    sha256="959492de74520a19166b1d01ca85ce6e99457b230a2fe84a55943307114f9f59",
)
