"""Install procedures/find_batch_replays.sql."""

from tenant_quota.apply import install

__depends__ = {"0041_install_expire_quota_reservations"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_batch_replays.sql",
    sha256="300fdbda6cb2b6694afea9542cea30d2c6cdfdb599f6c56741d028a8406f056c",
)
