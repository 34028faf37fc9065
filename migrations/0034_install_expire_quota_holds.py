"""Install procedures/expire_quota_holds.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0033_install_describe_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/expire_quota_holds.sql",
    sha256="1f6cd9a39f06cb1da3374a830c19c80c639f24135caa141f708bb9a9011ef38b",
)
