"""Install procedures/internal/session/keep_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0051_install_settle_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/internal/session/keep_quota_transaction.sql",
    sha256="15892ed407fb4d48b3d9174707e7fe2f295c2cf71f3bd264ea903308e036848a",
)
