"""Install procedures/check_quota_name.sql."""

from tenant_quota.apply import install

__depends__ = {"0024_install_check_quota_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_name.sql",
    sha256="acf0b185716bc42a1f59ed4d1ab0546f0f68747359f4d0cde4731395b154bf3c",
)
