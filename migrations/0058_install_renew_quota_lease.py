"""Install procedures/renew_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0057_install_release_quota_token"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/renew_quota_lease.sql",
    sha256="6e8f966d148a31cc6792f11b550139be395181d5a586ec69c5391aeccea6a698",
)
