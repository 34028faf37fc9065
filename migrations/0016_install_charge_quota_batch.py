"""Install procedures/charge_quota_batch.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0015_install_charge_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_batch.sql",
    sha256="04d34325b0dcf7394690811bc05be991bc3b4796f39ec59ec3ffcd3372370cc9",
)
