"""Install procedures/return_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0055_install_reset_quota_now"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/return_quota.sql",
    sha256="021713e9ad7e0d3c9af01f5f9ad62ee77541333d6ae15575f85a2c57296acfe6",
)
