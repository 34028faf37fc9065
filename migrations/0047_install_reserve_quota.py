"""Install procedures/reserve_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0046_install_renew_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reserve_quota.sql",
    sha256="e0653ec074cb583f49e0c153e8df85388cd50a2a6782c77e52b8b5783be39dd4",
)
