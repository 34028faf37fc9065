"""Install procedures/confirm_quota_drift.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0027_install_compute_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/confirm_quota_drift.sql",
    sha256="0ed4190b10923ae54c46211c6ad9cc4f5ea1be6e3182bcc161085678ab7bbb2a",
)
