"""Install procedures/reset_quota_now.sql."""

from tenant_quota.apply import install

__depends__ = {"0047_install_reset_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reset_quota_now.sql",
    sha256="862c4735c09149de70aecca42546f126e1338881accf43dda3c1e289cb48f773",
)
