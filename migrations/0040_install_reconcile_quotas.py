"""Install procedures/reconcile_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0039_install_read_quota_options"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reconcile_quotas.sql",
    sha256="37abf29b7ca1b0b734518857e648bbf9eafa7f61f3150df981f5d2eb5754eb47",
)
