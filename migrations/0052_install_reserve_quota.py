"""Install procedures/reserve_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0051_install_renew_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reserve_quota.sql",
    sha256="f97e58a02ab3f5fc60aa5fd9edbe22520f7fc89c36d23abb9fa4c44132b04a9c",
)
