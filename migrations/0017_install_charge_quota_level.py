"""Install procedures/charge_quota_level.sql."""

from tenant_quota.apply import install

__depends__ = {"0016_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_level.sql",
    sha256="27b09bd73ad994c1969ba7bdda6be96a6fca869c750d81a3c33ad6968bf2e910",
)
