"""Install procedures/expire_quota_reservations.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0034_install_expire_quota_holds"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/expire_quota_reservations.sql",
    sha256="9118aa4a1cc5b4a6c0bf4ccc7c200c21c6a73a462cd8ceda7a1723a8e1c750b7",
)
