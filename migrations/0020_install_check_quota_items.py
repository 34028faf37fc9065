"""Install procedures/check_quota_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0019_install_check_quota_argument"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_items.sql",
    sha256="62f244edf87369dae9a84fbb8212b08f1c22850a69b53b16fe60186d7ee8f658",
)
