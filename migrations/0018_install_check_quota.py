"""Install procedures/check_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0017_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota.sql",
    sha256="ab33561019285eba816c969c48a0fac26058a36ad8d8e1e439de311427b643ec",
)
