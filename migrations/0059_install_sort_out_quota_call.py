"""Install procedures/sort_out_quota_call.sql."""

from tenant_quota.apply import install

__depends__ = {"0058_install_settle_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sort_out_quota_call.sql",
    sha256="9d9499896de3dcdf31a10514e5e4d22faadda07f76b5707f537b38c9edc3bc47",
)
