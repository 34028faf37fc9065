"""Install procedures/refund_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0060_install_record_quota_job"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/refund_quota.sql",
    sha256="c5e80ec332ce4c7bc7a7959f311fba0cf0bd5dfff1567bac7855f98382e4678c",
)
