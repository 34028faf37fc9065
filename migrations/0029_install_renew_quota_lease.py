"""Install procedures/application/renew_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0028_install_release_quota_token"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/application/renew_quota_lease.sql",
    sha256="4b03ed82c68a987388d8a49490d8e11cd7b2d99e2cdefa7898b4587038163ae2",
)
