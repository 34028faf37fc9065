"""Install procedures/find_told_denial.sql."""

from tenant_quota.apply import install

__depends__ = {"0040_install_find_tightest_limit"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_told_denial.sql",
    sha256="305760a9526b89b3c23d6f9a0fdfc0c34b452db33222bd28d2f8d9cb970b5eb3",
)
