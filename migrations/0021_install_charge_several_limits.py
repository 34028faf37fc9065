"""Install procedures/charge_several_limits.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0020_install_charge_quota_slot"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_several_limits.sql",
    sha256="cd60b275316338685f083c9963f42e02cf35310135d3de5de669b2c4af4b0080",
)
