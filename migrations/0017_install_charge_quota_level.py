"""Install procedures/charge_quota_level.sql."""

from tenant_quota.apply import install

__depends__ = {"0016_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_level.sql",
    sha256="2a53037912937e6fed3a426f1d8eec5fe6486cf73086435a4c67f60096bdc4ae",
)
