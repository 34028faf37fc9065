"""Install procedures/check_quota_name.sql."""

from tenant_quota.apply import install

__depends__ = {"0020_install_check_quota_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_name.sql",
    sha256="6881daf56f5915168c042dcfb6afbb4412fd7c17a622762832795894f2df2ec3",
)
