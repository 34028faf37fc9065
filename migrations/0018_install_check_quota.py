"""Install procedures/check_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0017_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota.sql",
    sha256="7efe865e68bf86db24f75a2f03370d7cc2ce949e72cf49cd30107de960fe16b8",
)
