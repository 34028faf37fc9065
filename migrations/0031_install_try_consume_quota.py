"""Install procedures/application/try_consume_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0030_install_reserve_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/application/try_consume_quota.sql",
    sha256="f7066094d840f541be4854b04b0c0084e45e1b5660ca0ab7a737945a9137689d",
)
