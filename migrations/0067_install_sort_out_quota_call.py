"""Install procedures/sort_out_quota_call.sql."""

from tenant_quota.apply import install

__depends__ = {"0066_install_settle_quota_period"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/sort_out_quota_call.sql",
    sha256="5b862e66cfe2e9926afb0d23c1cbafdae9ff2179adf4f4dbada37a7a36ad80d9",
)
