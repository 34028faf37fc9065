"""Install procedures/check_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0017_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota.sql",
    sha256="67506386801bc58749d5486f58547a3325d9438b129985ecc7076b3e3cbd47b8",
)
