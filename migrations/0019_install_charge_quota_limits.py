"""Install procedures/charge_quota_limits.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0018_install_charge_quota_consumption"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_limits.sql",
    sha256="039a1a78896056f1c819df27ad3f0283ea9915442929888738bbae4910ecbf58",
)
