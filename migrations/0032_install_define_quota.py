"""Install procedures/define_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0031_install_convert_quota_time"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_quota.sql",
    sha256="5ff8b3b9ce741ee059269eb21cae4b1ed7bab05d1e61122fd9948afbd41c0a6d",
)
