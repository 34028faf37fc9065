"""Install procedures/deny_exhausted_limit.sql."""

from tenant_quota.apply import install

__depends__ = {"0037_install_define_tenant"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/deny_exhausted_limit.sql",
    sha256="a0380ce897bce12422c0e1c8e5b9fb2fb4c0d9473c4f8798db1620d61dd2ec07",
)
