"""Install procedures/purge_quota_usage.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0048_install_purge_quota_rows"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_usage.sql",
    sha256="fdd56453c0316fdcf3ef6512b71fec90c1fe09c213a5e7920088456dee1067a6",
)
