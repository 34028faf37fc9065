"""Install procedures/keep_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0033_install_judge_quota_level"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/keep_quota_transaction.sql",
    sha256="002f00d2de007dbb788b68c1c9ea93ef716ebc31ab4a9801abc25e6936ecf1e0",
)
