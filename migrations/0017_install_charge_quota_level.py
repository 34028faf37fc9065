"""Install procedures/charge_quota_level.sql."""

from tenant_quota.apply import install

__depends__ = {"0016_install_charge_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota_level.sql",
    sha256="9423603bb91500bf2106b7d59f99bb24d70f60b72de79c163f19b09a9f4586b7",
)
