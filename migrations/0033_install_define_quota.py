"""Install procedures/define_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0032_install_convert_quota_time"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_quota.sql",
    sha256="260941f56579524a76a7a20439f6e48a11af494ac5d98a1203e2b875e525a13e",
)
