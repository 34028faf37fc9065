"""Install procedures/check_quota_argument.sql."""

from tenant_quota.apply import install

__depends__ = {"0018_install_check_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_argument.sql",
    sha256="a9c921a07381a7fbfff617a21f00af207317f0b0fa812c80aad9623e8a5a9c4b",
)
