"""Install procedures/check_quota_number.sql."""

from tenant_quota.apply import install

__depends__ = {"0021_install_check_quota_name"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_number.sql",
    sha256="3af55ead70fc0b4d798d7d2ce76fa2edd9f8ee70ebbdf07ba5876525af3cd840",
)
