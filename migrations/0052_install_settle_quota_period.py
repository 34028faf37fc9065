"""Install procedures/settle_quota_period.sql."""

from tenant_quota.apply import install

__depends__ = {"0051_install_settle_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/settle_quota_period.sql",
    sha256="1e893f7ea047ad969efa825796b1b2b65b22c73ce9142d4af4646da9437862b0",
)
