"""Install procedures/reserve_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0046_install_renew_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reserve_quota.sql",
    sha256="f9acbd94455d21719d6f46e2fbe7edf182540ebdcb793aa8146cdfb3b1bac4c7",
)
