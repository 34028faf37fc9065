"""Install procedures/find_told_denial.sql."""

from tenant_quota.apply import install

__depends__ = {"0040_install_find_tightest_limit"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_told_denial.sql",
    sha256="712b8c92285ed6a814bae94c02cb4e56ec8587b8953191d07c31551d126f4081",
)
