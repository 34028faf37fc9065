"""Install procedures/guard_quota_session.sql."""

from tenant_quota.apply import install

__depends__ = {"0033_install_finish_quota_charge"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/guard_quota_session.sql",
    sha256="919eb5d88e985ab737162951b1b0bc85e6e527a67934ebc30cf2f6bb3e6da7fa",
)
