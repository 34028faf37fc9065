"""Install procedures/settle_quota_period.sql."""

from tenant_quota.apply import install

__depends__ = {"0064_install_settle_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/settle_quota_period.sql",
    sha256="8cccd77dc73456c38873d0b55084a1e34ad50087f71a1c46a085834f2ee7b3f9",
)
