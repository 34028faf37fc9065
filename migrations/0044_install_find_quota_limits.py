"""Install procedures/find_quota_limits.sql."""

from tenant_quota.apply import install

__depends__ = {"0043_install_find_quota_label"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_limits.sql",
    sha256="99ec23bb34c6b98a757db6e0c4e6e2854e83857169ea817d91b6df9a20e97077",
)
