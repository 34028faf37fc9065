"""Install procedures/application/reserve_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0029_install_renew_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/application/reserve_quota.sql",
    sha256="f4e61578cb8acbfe30309efdd2402dc0e4913207064a37cc75f0afdc82b864e6",
)
