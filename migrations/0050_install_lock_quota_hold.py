"""Install procedures/lock_quota_hold.sql."""

from tenant_quota.apply import install

__depends__ = {"0049_install_judge_quota_limit"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/lock_quota_hold.sql",
    sha256="254b08dae5ffbc6fd958b5e7f4fb9f2fb26f1354c02b9958ae148f90f0bfeb06",
)
