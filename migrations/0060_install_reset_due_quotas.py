"""Install procedures/reset_due_quotas.sql."""

from tenant_quota.apply import install

__depends__ = {"0059_install_reserve_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reset_due_quotas.sql",
    sha256="1925ba6cf447b2671bb3fc58b6d953c2950774ee1b6f1df91ef01d5e339b1e4f",
)
