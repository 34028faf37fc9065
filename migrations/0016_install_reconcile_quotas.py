"""Install procedures/administration/reconcile_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0015_install_purge_quota_usage"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/administration/reconcile_quotas.sql",
    sha256="62d558fdaf035f882bd311cea9ceec888afe84b3a0d42c69c89ad34a1459a561",
)
