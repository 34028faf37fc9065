"""Install procedures/judge_quota_level.sql."""

from tenant_quota.apply import install

__depends__ = {"0032_install_finish_quota_charge"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/judge_quota_level.sql",
    sha256="259016a0c2e8b567867ab9f115096d9715c58d7f661ad3883ee4f9aae1596324",
)
