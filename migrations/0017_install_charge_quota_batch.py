"""Install procedures/charge_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0016_install_charge_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_batch.sql",
    sha256="bd3d2e94b55b54e7d7ef54fc6b5556d8cf450cf1e22797a94e0cb1a10b21adbd",
)
