"""Install procedures/try_consume_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0062_install_sweep_lapsed_holds"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/try_consume_quota.sql",
    sha256="851e0cb7f55a536dedf658efa843ad9f525f2bbe3230d1e8b860fe5ce9003092",
)
