"""Install procedures/sort_out_quota_call.sql."""

from tenant_quota.apply import install

__depends__ = {"0062_install_settle_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sort_out_quota_call.sql",
    sha256="d552d7d4ee2e4b2af7e45dba1b058f2f0f843c9d0a464c0ff97197214ef0bd4f",
)
