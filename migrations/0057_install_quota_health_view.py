"""Install views/quota_health.sql."""

from tenant_quota.apply import install

__depends__ = {"0056_install_spend_quota_slot"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "views/quota_health.sql",
    sha256="4f34a09621d88f0c43e8a65129fb6702d59e9475db93bcfe87b9b4d726015c5d",
)
