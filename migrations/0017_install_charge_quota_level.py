"""Install procedures/charge_quota_level.sql."""

from tenant_quota.apply import install

__depends__ = {"0016_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_level.sql",
    sha256="144ab5f311229e9eda3570fe6a6050fedd87603b7d119fc8ff5a2e50c8bf8a2d",
)
