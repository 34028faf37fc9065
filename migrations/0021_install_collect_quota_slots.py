"""Install procedures/collect_quota_slots.sql."""

from tenant_quota.apply import install

__depends__ = {"0020_install_check_quota_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/collect_quota_slots.sql",
    sha256="dffab9288cbdebee4a61d38707f039be6f45923a75652675101bed2e5e6bac7b",
)
