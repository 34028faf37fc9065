"""Install procedures/expire_quota_holds.sql."""

from tenant_quota.apply import install

__depends__ = {"0027_install_define_tenant"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/expire_quota_holds.sql",
    sha256="5e9ed2fcc5265229ed187e831358b39fad02f54d618bb8e2c7452b550a3a19fa",
)
