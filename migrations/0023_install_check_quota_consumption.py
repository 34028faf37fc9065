"""Install procedures/check_quota_consumption.sql."""

from tenant_quota.apply import install

__depends__ = {"0022_install_check_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_consumption.sql",
    sha256="741d93d01d9679b66992df35a44630690f2a18ca81a0b6d12f76c51a78fbf2d6",
)
