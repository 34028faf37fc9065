"""Install procedures/charge_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0014_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="fa637699bb0a7b9b474aee779efde9032b7561171fdc09524a1a13cf1770bed3",
)
