"""Install procedures/collect_quota_slots.sql."""

from tenant_quota.apply import install

__depends__ = {"0020_install_check_quota_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/collect_quota_slots.sql",
    sha256="210fd440c8826f1a21367c5a24cbfe1e4699f4cbe952094f4cb527a3e51c5d82",
)
