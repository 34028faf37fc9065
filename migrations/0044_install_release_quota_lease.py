"""Install procedures/release_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0043_install_refund_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/release_quota_lease.sql",
    sha256="c27968ec129e0aec6fa6b6c609ee0d8e04156687fa9d43b7491c60a9a7968029",
)
