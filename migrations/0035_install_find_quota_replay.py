"""Install procedures/find_quota_replay.sql."""

from tenant_quota.apply import install

__depends__ = {"0034_install_find_fresh_items"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/find_quota_replay.sql",
    sha256="bc0580315c142deba24a5f8828895acf9502e2b91cbeee2f62f67bc63dda8be3",
)
