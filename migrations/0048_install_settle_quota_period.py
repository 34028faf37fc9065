"""Install procedures/internal/period/settle_quota_period.sql."""

from tenant_quota.apply import install

__depends__ = {"0047_install_compute_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/period/settle_quota_period.sql",
    sha256="757247f23cbdf84f162be92688b29fd35ad18cfbfc08f84bed86459cefe36be1",
)
