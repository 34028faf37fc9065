"""Install procedures/charge_quota_levels.sql."""

from tenant_quota.apply import install

__depends__ = {"0016_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_levels.sql",
    sha256="eaf7013f97348db80d5f6f63273020e0964c5b282e892429ab98c6102426436f",
)
