"""Install procedures/find_quota_label.sql."""

from tenant_quota.apply import install

__depends__ = {"0042_install_find_batch_replays"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_label.sql",
    sha256="beb81a15df89c7d6ffa644e58433cc70184e2eb291fc1f01292059b9561f5384",
)
