"""Install procedures/try_consume_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0035_install_sweep_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/try_consume_quota.sql",
    sha256="84a3fa8eca196ceda24d22b1a8dc2acaad2f5cf3e436114332914fa74970f28b",
)
