"""Install procedures/open_quota_transaction.sql."""

from tenant_quota.apply import install

__depends__ = {"0045_install_lower_quota_use"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/open_quota_transaction.sql",
    sha256="11d17be18601c1bc21b1dc8f00eddad822bcef6b267e201d2b2c98d5874e709b",
)
