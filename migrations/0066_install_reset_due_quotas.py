"""Install procedures/reset_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0065_install_reserve_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reset_due_quotas.sql",
    sha256="0b862eeed962925744f0c0256740c9d012c0db538e8dc6aefe93bd04f5e085a7",
)
