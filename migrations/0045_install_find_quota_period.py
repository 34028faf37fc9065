"""Install procedures/find_quota_period.sql."""

from tenant_quota.apply import install

__depends__ = {"0044_install_find_quota_limits"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_period.sql",
    sha256="74b42dc869975f2b38a66da9a22e7e9e33ce7a0ec1060e879bc7c87f107201c5",
)
