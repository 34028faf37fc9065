"""Install procedures/administration/define_tenant.sql."""

from tenant_quota.apply import install

__depends__ = {"0012_install_define_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/administration/define_tenant.sql",
    sha256="21e6f523584b70e9078ed24d05811702ea6632e3b566d41956dea2b2f69c1748",
)
