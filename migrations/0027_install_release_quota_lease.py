"""Install procedures/application/release_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0026_install_refund_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/application/release_quota_lease.sql",
    sha256="c30e9959caeefa1eaa9e6582731aa2ac0537332f59c891304d5ce7c482eed339",
)
