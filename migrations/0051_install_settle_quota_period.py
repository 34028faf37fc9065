"""Install procedures/settle_quota_period.sql."""

from tenant_quota.apply import install

__depends__ = {"0050_install_settle_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/settle_quota_period.sql",
    sha256="d45efe7ac8917f80e6ac06c6cba79ef141a551de0c04816f16716e1f58feb056",
)
