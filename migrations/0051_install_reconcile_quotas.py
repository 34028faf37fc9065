"""Install procedures/reconcile_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0050_install_read_quota_options"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reconcile_quotas.sql",
    sha256="856f19e4a69a0a13daeb7b7022b135b3002c11d92a91ff35009219b89a66c7ef",
)
