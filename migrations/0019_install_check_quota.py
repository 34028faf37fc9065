"""Install procedures/check_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0018_install_charge_quota_limits"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota.sql",
    sha256="00d44776c42877671363c3a6801c5084728b114623cbf269b82d04699a94a952",
)
