"""Install procedures/sort_out_quota_call.sql."""

from tenant_quota.apply import install

__depends__ = {"0059_install_settle_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sort_out_quota_call.sql",
    sha256="3b7b75ab8751a3901c1550d9f61bee36e6d019bd2e377ee97f18d3420ddbffc5",
)
