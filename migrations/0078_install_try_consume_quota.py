"""Install procedures/try_consume_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0077_install_sweep_lapsed_holds"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/try_consume_quota.sql",
    sha256="fac60d356ec47d329acb8680e6983c52ae0030a149f17b589145447300d215a1",
)
