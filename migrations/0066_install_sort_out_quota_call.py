"""Install procedures/sort_out_quota_call.sql."""

from tenant_quota.apply import install

__depends__ = {"0065_install_settle_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sort_out_quota_call.sql",
    sha256="73710f52564da4f3d46151432276e6049c0ce452c9618148487b432f8842117a",
)
