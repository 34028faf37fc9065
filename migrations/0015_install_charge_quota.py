"""Install procedures/charge_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0014_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="6ec33bc980c58fd0d6cb44c20e289ad06cfda2c1aa4026bb5ca9e091a34d814f",
)
