"""Install procedures/application/refund_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0025_install_consume_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/application/refund_quota.sql",
    sha256="248a4b46a215cd4c1a6a1b373081a83d9fd763416aca0f0f6a7fac4c6f6075bd",
)
