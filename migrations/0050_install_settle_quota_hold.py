"""Install procedures/settle_quota_hold.sql."""

from tenant_quota.apply import install

__depends__ = {"0049_install_run_quota_job"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/settle_quota_hold.sql",
    sha256="c1865ccfd7407ccd07d0989702748bd203a6d5e0a5b618ab5055fce01ee0491c",
)
