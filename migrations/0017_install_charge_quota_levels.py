"""Install procedures/charge_quota_levels.sql."""

from tenant_quota.apply import install

__depends__ = {"0016_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_levels.sql",
    sha256="b6635fd86a02aac7cb34285f7180b746b156b15dd0123c5f21c2c9c1ac135535",
)
