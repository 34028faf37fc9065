"""Install procedures/open_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0035_install_lower_quota_use"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/open_quota_transaction.sql",
    sha256="1bc3cb027976a6eb84711f8e7920db71d82534099a19c190283897ac317f4687",
)
