"""Install procedures/define_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0030_install_convert_quota_time"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_quota.sql",
    sha256="8c6e6e6a6750bd6474311bc7fa8d7bd639a78fe95e4f7f18f416b19df70a7834",
)
