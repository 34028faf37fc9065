"""Install procedures/charge_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0015_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="f7b65bb07da5ea1941fb0c06f6f1b8a287263bfb45987b8ed9eee920552697fe",
)
