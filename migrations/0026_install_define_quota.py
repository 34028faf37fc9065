"""Install procedures/define_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0025_install_consume_quota_batch"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/define_quota.sql",
    sha256="bd76f1067832c4cc4fffd95fe79b0301daee369a397790427a5056b8026fe460",
)
