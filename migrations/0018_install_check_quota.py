"""Install procedures/check_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0017_install_charge_quota_level"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota.sql",
    sha256="d815202ba78d1bd6013197a9aef8253679efb6806df5abd59eaa0221b71e2dd4",
)
