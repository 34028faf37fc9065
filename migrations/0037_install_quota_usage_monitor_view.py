"""Install views/quota_usage_monitor.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0036_install_try_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "views/quota_usage_monitor.sql",
    sha256="0c953cedf8cd031b4f47b3c105d0fc6ed65c8c68e3cea574d29fc2004ab8b339",
)
