"""Install procedures/consume_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0032_install_confirm_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota.sql",
    sha256="9a4b47f163b454622ad875f57d0b3aca0865d14e1e70ad908e0d025470d5e7b4",
)
