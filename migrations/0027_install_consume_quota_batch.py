"""Install procedures/consume_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0026_install_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota_batch.sql",
    sha256="756b1bdd53481000213a6d47e13a0239106e2b1fba24a06c4e8905dd7fc4e2ab",
)
