"""Install procedures/charge_quota_slot.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0018_install_charge_quota_limits"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_slot.sql",
    sha256="b4ec530bbaae32eda7b891413527dcba0da8c9cc26617a03c1e07d9c3ac26eca",
)
