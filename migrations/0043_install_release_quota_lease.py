"""Install procedures/release_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0042_install_refund_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_lease.sql",
    sha256="ac0ca8d4b4535a9ce68db43be0c6a36dfcbf2c378b7e9559eb0387f00419fbb7",
)
