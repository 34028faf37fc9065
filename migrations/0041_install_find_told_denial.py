"""Install procedures/find_told_denial.sql."""

from tenant_quota.apply import install

__depends__ = {"0040_install_find_tightest_limit"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_told_denial.sql",
    sha256="c33b5757fc32d7e1c192c4ed38e1002d78e12b6b936b13b50c73e45c144219d2",
)
