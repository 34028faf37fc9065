"""Install procedures/reconcile_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0050_install_read_quota_options"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reconcile_quotas.sql",
    sha256="3acb74aec09bbc8aa6003a5728ad7e2ca1e34c6fcf19e960c63d5632345062a9",
)
