"""Install procedures/expire_quota_reservations.sql."""

from tenant_quota.apply import install

__depends__ = {"0031_install_expire_quota_holds"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/expire_quota_reservations.sql",
    sha256="cee15316a4a424f0200d9646d3ed788724fb944db2ba9e9829fb7e8adcfcce92",
)
