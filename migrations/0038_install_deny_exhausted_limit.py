"""Install procedures/deny_exhausted_limit.sql."""

from tenant_quota.apply import install

__depends__ = {"0037_install_define_tenant"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/deny_exhausted_limit.sql",
    sha256="1e53e8903a2bf6e5d286b26cbb762a4457b4c2735174d3e8d57a45590b1924b2",
)
