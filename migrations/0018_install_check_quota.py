"""Install procedures/check_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0017_install_charge_quota_level"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota.sql",
    sha256="9fe0eaf33562a1ba1f7ff6bff3b4d396298264c59e113c4409a8517b8e798210",
)
