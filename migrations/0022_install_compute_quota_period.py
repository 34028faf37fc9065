"""Install procedures/compute_quota_period.sql."""

from tenant_quota.apply import install

__depends__ = {"0021_install_collect_quota_slots"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/compute_quota_period.sql",
    sha256="76784d9a582e0260687a6528b8e7e87306389a2a142604dbbe77532feeae7386",
)
