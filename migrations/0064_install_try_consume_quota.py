"""Install procedures/try_consume_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0063_install_sweep_lapsed_holds"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/try_consume_quota.sql",
    sha256="21f83ea669158eea6688ba5df831e31b42bb82950ff634d6d2e4b728889ef009",
)
