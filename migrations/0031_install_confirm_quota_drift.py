"""Install procedures/confirm_quota_drift.sql."""

from tenant_quota.apply import install

__depends__ = {"0030_install_compute_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/confirm_quota_drift.sql",
    sha256="dc22fd78b9fae73da895a6ddc771d54410a0dee2dce9275b02422c99c51dce53",
)
