"""Install procedures/confirm_quota_drift.sql."""

from tenant_quota.apply import install

__depends__ = {"0023_install_compute_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/confirm_quota_drift.sql",
    sha256="2ea4b518ab60541112dff094af77db674c8a93b52b3681b0ec850303f25c4ea7",
)
