"""Install procedures/lower_quota_use.sql."""

from tenant_quota.apply import install

__depends__ = {"0035_install_judge_quota_level"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/lower_quota_use.sql",
    sha256="ac96c5b929e65ed476026d83b8854e211600b18f95b289ebd1be47072d1c0492",
)
