"""Install procedures/reconcile_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0044_install_read_quota_options"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reconcile_quotas.sql",
    sha256="b17d89bdfdf20565a05a9456b864b3de92e0d220dfd8e4f7e20347cfa69989a7",
)
