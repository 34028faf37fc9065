"""Install procedures/find_refund_tenant.sql."""

from tenant_quota.apply import install

__depends__ = {"0033_install_find_quota_replay"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_refund_tenant.sql",
    sha256="36d9c2fbd42450fee0dcc79b676310cfe7d15bdd35afdb942904b8d5849d33ff",
)
