"""Install procedures/compute_quota_period.sql."""

from tenant_quota.apply import install

__depends__ = {"0021_install_collect_quota_slots"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/compute_quota_period.sql",
    sha256="05a09342fabdef4239feccb411860e50d59d739f005c70e404791fba3caa9d82",
)
