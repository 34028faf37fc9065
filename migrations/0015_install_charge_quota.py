"""Install procedures/charge_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0014_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="d844f47888eaa10030a8630fefdd12f0ed913f4251646d379ace07e963300eed",
)
