"""Install procedures/find_tightest_limit.sql."""

from tenant_quota.apply import install

__depends__ = {"0036_install_find_refund_tenant"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_tightest_limit.sql",
    sha256="9e0c258506b6793707449b5187359bd6b5119d185a961c4c7e30a4dee0ed768e",
)
