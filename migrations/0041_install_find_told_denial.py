"""Install procedures/find_told_denial.sql."""

from tenant_quota.apply import install

__depends__ = {"0040_install_find_tightest_limit"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_told_denial.sql",
    sha256="a55a207a79bdc38d63cfd3b9451a06919ecf17931f68af7c71d6d61f641b5dbe",
)
