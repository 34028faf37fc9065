"""Install procedures/internal/return/end_lapsed_quota_holds.sql."""

from tenant_quota.apply import install

__depends__ = {"0048_install_settle_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/return/end_lapsed_quota_holds.sql",
    sha256="81f3b28d4b3da05e1072ef591a895c2319be9c46377b3df57a71ebc22e2234f5",
)
