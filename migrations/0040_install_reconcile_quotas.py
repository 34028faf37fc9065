"""Install procedures/reconcile_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0039_install_read_quota_options"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reconcile_quotas.sql",
    sha256="a9dee7600ea5256559ca2d75c72f932bb5e5dc1494398e73e041d3ee18ec5b52",
)
