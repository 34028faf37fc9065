"""Install procedures/guard_quota_session.sql."""

from tenant_quota.apply import install

__depends__ = {"0036_install_find_told_denial"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/guard_quota_session.sql",
    sha256="32d4a8115f3458b71295f7b71245c8091a34e8a06cb376d52969a4d0b8a90453",
)
