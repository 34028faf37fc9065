"""Install procedures/try_consume_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0054_install_sweep_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/try_consume_quota.sql",
    sha256="af1504c1f36c02c4394625d6e28168c727f05c16aa7185ad6e0ff55baeff674d",
)
