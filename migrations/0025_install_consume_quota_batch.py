"""Install procedures/application/consume_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0024_install_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/application/consume_quota_batch.sql",
    sha256="872291c4524f338d5754c15710aa7f07684e7414b2290810fe846b17178086a6",
)
