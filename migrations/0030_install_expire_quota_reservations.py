"""Install procedures/expire_quota_reservations.sql."""

from tenant_quota.apply import install

__depends__ = {"0029_install_expire_quota_holds"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/expire_quota_reservations.sql",
    sha256="9a4b6373c2663cd77d8590e4703e5354f586858c4ef7a7912abf8a97e1936f95",
)
