"""Install procedures/expire_quota_holds.sql."""

from tenant_quota.apply import install

__depends__ = {"0028_install_end_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/expire_quota_holds.sql",
    sha256="1e6a8e436dd5c2e2c6f738b789a3a758de35e77e7f04ebaa95e7f73e9b896b2d",
)
