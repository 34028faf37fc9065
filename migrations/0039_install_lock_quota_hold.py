"""Install procedures/lock_quota_hold.sql."""

from tenant_quota.apply import install

__depends__ = {"0038_install_judge_quota_level"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/lock_quota_hold.sql",
    sha256="7b4f7f1eff7c189f61a792f6dd17dbd937109d47ed755533aa68300da879179e",
)
