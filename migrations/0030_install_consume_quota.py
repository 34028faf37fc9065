"""Install procedures/consume_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0029_install_confirm_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota.sql",
    sha256="639a3a47259a5bc3051b4a84577f7cb0f6048a9f6edc12e85bb1987ef376671c",
)
