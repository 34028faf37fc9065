"""Install procedures/expire_quota_holds.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0033_install_describe_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/expire_quota_holds.sql",
    sha256="dceaf55029b4862d71d876b99753e2cb0b3610e6e7591886799c5963cc4eb7f4",
)
