"""Install procedures/charge_quota_levels.sql."""

from tenant_quota.apply import install

__depends__ = {"0016_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_levels.sql",
    sha256="1b8b34557365f4408e044090d76e8760bcdd167f857b34f289e5b82316a4f6f7",
)
