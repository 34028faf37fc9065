"""Install procedures/charge_quota_limits.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0017_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_limits.sql",
    sha256="26a62fb7ba80f3ca0ef1b0477f212ea82193832091a9130e949d203897f11b9e",
)
