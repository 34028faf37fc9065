"""Install procedures/reset_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0047_install_reserve_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reset_due_quotas.sql",
    sha256="749dca3a5673d99f4303f103e25037efb8d2b730ac1e5970a826e88ddefe7b49",
)
