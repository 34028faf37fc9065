"""Install views/quota_usage_monitor.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0055_install_try_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "views/quota_usage_monitor.sql",
    sha256="215f81885d2da5c533a8d36b60965dd28b4ebdbd9b2f84a4f725510a61e6c339",
)
