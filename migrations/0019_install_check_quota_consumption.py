"""Install procedures/check_quota_consumption.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0018_install_check_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_consumption.sql",
    sha256="991097de556d44391ef0ed6c94fae6cdff9063fd9ac7418d13831acb0eb03c86",
)
