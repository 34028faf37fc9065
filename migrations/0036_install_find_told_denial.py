"""Install procedures/find_told_denial.sql."""

from tenant_quota.apply import install

__depends__ = {"0035_install_find_tightest_limit"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_told_denial.sql",
    sha256="f35a457a0075046d40af4f922f00dd42f92b1fe0100497eb955c638209c9b4ed",
)
