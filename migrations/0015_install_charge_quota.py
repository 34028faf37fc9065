"""Install procedures/charge_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0014_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="8be27ed6fac7a0bf0a4ed77eaf844ac2bb7a51e4c79135398b42eb30b11eae22",
)
