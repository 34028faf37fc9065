"""Install procedures/reserve_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0045_install_renew_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reserve_quota.sql",
    sha256="c7ba6684641eb08ef066bee7029b6c4314c19246751537da0962807a582c3e87",
)
