"""Install procedures/charge_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0015_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="a85069dc0cab27493b1a5431703d023bf1a7aff0906a3f6f7e45a3c9d06075f7",
)
