"""Install procedures/charge_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0016_install_charge_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_batch.sql",
    sha256="8bed71312ad40c8af5a31c78d1f32afcb35c8ca0cc8a136c904b3d1eeedaf5ca",
)
