"""Install procedures/expire_quota_holds.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0033_install_describe_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/expire_quota_holds.sql",
    sha256="b330a1ba82f99eb93112b4874b675efab43c219223a3e4bc971dda2f41da3e3b",
)
