"""Install procedures/sort_out_quota_call.sql."""

from tenant_quota.apply import install

__depends__ = {"0066_install_settle_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sort_out_quota_call.sql",
    sha256="3710b1f17daa56334b8a409149668501192860e2206c040701fb298e5f5219f1",
)
