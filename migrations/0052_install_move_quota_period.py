"""Install procedures/move_quota_period.sql."""

from tenant_quota.apply import install

__depends__ = {"0051_install_lock_quota_rows"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/move_quota_period.sql",
    sha256="1fc24d8ac4ec80169c01ab05916538b7d97f648796b4b1df6e9fe82ba635d3f8",
)
