"""Install procedures/settle_quota_hold.sql."""

from tenant_quota.apply import install

__depends__ = {"0060_install_run_quota_job"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/settle_quota_hold.sql",
    sha256="1a379e587e2fd44d4d8f17e36043651bc2037802a6b61759211917400ef2df24",
)
