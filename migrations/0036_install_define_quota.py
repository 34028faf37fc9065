"""Install procedures/define_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0035_install_convert_quota_time"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_quota.sql",
    sha256="b432ac015324f505e428fe4000cc4000d2831901cb96c8f869217159621524ef",
)
