"""Install procedures/check_quota_argument.sql."""

from tenant_quota.apply import install

__depends__ = {"0018_install_check_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_argument.sql",
    sha256="b832a8efc55aeb9a42a98c2fb3f7298ac8f094624c923298b68adc30affeef08",
)
