"""Install procedures/show_quota_limit.sql."""

from tenant_quota.apply import install

__depends__ = {"0073_install_settle_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/show_quota_limit.sql",
    sha256="454aa81713fa543c2480c6e0db63f60f998d0567b32bfab8472d9ed0efab6e71",
)
