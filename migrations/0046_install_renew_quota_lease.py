"""Install procedures/renew_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0045_install_release_quota_token"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/renew_quota_lease.sql",
    sha256="d2ab69534e6541472609f562f15252ea80d7a98273d558e1c8f9f0b504b46fde",
)
