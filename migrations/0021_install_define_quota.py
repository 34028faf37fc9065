"""Install procedures/define_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0020_install_convert_quota_time"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_quota.sql",
    sha256="9326ed72d792daf3bd712fc2083036c12553f3970b1c782f55e08b4d7c6b766f",
)
