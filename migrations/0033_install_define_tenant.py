"""Install procedures/define_tenant.sql."""

from tenant_quota.apply import install

__depends__ = {"0032_install_define_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_tenant.sql",
    sha256="8c74c6f6838fbfd922d170c88b3db677c8c6b09395ac36be34f8bfb56f3ae717",
)
