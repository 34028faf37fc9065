"""Install procedures/define_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0033_install_convert_quota_time"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_quota.sql",
    sha256="d07f49de8cd5a541a362b219ebdc48a4355e57ce26a31fd64fa41bc41c2adbe2",
)
