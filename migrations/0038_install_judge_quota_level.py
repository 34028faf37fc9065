"""Install procedures/internal/charge/judge_quota_level.sql."""

from tenant_quota.apply import install

__depends__ = {"0037_install_finish_quota_charge"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/charge/judge_quota_level.sql",
    sha256="5656f081e1960c727f65d5a9e3db4136212b14d7c9646a54ffe1a5a0f6901e2f",
)
