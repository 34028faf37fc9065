"""Install procedures/find_told_denial.sql."""

from tenant_quota.apply import install

__depends__ = {"0037_install_find_tightest_limit"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_told_denial.sql",
    sha256="95b84e9da4589e8e8705a716110418c998b08272adf28cf986a62d55ebec7a81",
)
