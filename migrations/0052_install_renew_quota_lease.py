"""Install procedures/renew_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0051_install_release_quota_token"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/renew_quota_lease.sql",
    sha256="e0e21be4931bdde3eb357df3da7475324252dd6d2b9d39b61341197b527db68d",
)
