"""Install procedures/check_quota_argument.sql."""

from tenant_quota.apply import install

__depends__ = {"0018_install_check_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_argument.sql",
    sha256="b5a3210a9cd3c058639360a0b92d7f47b4b313c5e47ef0f19e2ecabb31c3b257",
)
