"""Install procedures/open_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0035_install_lower_quota_use"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/open_quota_transaction.sql",
    sha256="4f42374efbea5f5554b85dd4fdcc0cd6e34bf02ebf5bed8cb5310a2c454d5d99",
)
