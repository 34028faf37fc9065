"""Install procedures/charge_quota_limits.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0017_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_limits.sql",
    sha256="b900af173cc3ed5762119cf595761264a50bfef1807b2df2d282b81494713948",
)
