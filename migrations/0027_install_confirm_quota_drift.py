"""Install procedures/confirm_quota_drift.sql."""

from tenant_quota.apply import install

__depends__ = {"0026_install_compute_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/confirm_quota_drift.sql",
    sha256="6440b6e4d85402ad38bbe415fb20bf300199df25c3e4e55184d936fa0cab2369",
)
