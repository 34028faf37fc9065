"""Install procedures/reserve_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0058_install_renew_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reserve_quota.sql",
    sha256="37f39b9692f2b72ecfd6189fe0e574660d472f6516a843a14faa4584a27aee73",
)
