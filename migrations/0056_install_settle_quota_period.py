"""Install procedures/settle_quota_period.sql."""

from tenant_quota.apply import install

__depends__ = {"0055_install_settle_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/settle_quota_period.sql",
    sha256="c8240e464fac0bc1e2ab1d4d43f9e4c05e5a2ccd558a8e13eba5a4f48aff3bd9",
)
