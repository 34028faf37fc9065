"""Install procedures/define_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0025_install_consume_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_quota.sql",
    sha256="821ff092da8d01985a4439b9ac6d629023071dcf963a4fe6383c1d01b964ea4a",
)
