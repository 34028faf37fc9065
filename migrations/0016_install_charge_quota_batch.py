"""Install procedures/charge_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0015_install_charge_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_batch.sql",
    sha256="4111d21e8bb251541f322cab98542000cec2b05de12b3f62ed7d2cb8cb1da84b",
)
