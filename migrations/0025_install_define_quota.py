"""Install procedures/define_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0024_install_convert_quota_time"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_quota.sql",
    sha256="b3ae78290c72e8305b9a996ff7fe772e6a7bffde6bdc1769298b984d6ff1ec69",
)
