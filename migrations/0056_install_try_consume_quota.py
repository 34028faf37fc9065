"""Install procedures/try_consume_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0055_install_sweep_due_quotas"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/try_consume_quota.sql",
    sha256="fed6c223c28f78361a4374fb7886e5a356a593b5fc84f53fa5f9bf5aaf5a5f1d",
)
