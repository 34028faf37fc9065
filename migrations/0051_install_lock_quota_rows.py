"""Install procedures/lock_quota_rows.sql."""

from tenant_quota.apply import install

__depends__ = {"0050_install_lock_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/lock_quota_rows.sql",
    sha256="e398db7ea10fb79e3652428b870e59a100f89a7f698f26b17cdaba39518d85ea",
)
