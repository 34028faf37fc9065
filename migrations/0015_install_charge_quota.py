"""Install procedures/charge_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0014_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="89d9032b697b212953e46531256d88e739ec62acd3b7637b4cc38f6890febacd",
)
