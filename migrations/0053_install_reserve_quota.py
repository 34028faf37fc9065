"""Install procedures/reserve_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0052_install_renew_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reserve_quota.sql",
    sha256="19744419513cf40fbb82551107d3e35e8fa02dc514a1e8c88b5138c82b821627",
)
