"""Install procedures/sweep_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0058_install_spend_quota_slot"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sweep_due_quotas.sql",
    sha256="b49e901fa7025f3770a73aa5524a9fd0c1d81d92bef7c802e9b9a789f3b2d76c",
)
