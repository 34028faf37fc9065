"""Install procedures/lock_quota_hold.sql."""

from tenant_quota.apply import install

__depends__ = {"0040_install_judge_quota_level"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/lock_quota_hold.sql",
    sha256="8524fa47876ea361553cc2bf1eec20c3d4b56e6871d2c81bdea5a916e91d5434",
)
