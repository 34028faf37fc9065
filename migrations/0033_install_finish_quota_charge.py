"""Install procedures/finish_quota_charge.sql."""

from tenant_quota.apply import install

__depends__ = {"0032_install_find_quota_replay"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/finish_quota_charge.sql",
    sha256="a4a7897ebbbf6c2c2dee701e842f88e745b5cbc6899a686e8fe21ae3c8cb7208",
)
