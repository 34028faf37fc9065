"""Install procedures/find_tightest_limit.sql."""

from tenant_quota.apply import install

__depends__ = {"0034_install_find_refund_tenant"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_tightest_limit.sql",
    sha256="431e999f12bf88ef924a5a7fcdbae57fd29aa94b388225e5c85e222196cb8904",
)
