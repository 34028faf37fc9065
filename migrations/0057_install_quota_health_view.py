"""Install views/quota_health.sql."""

from tenant_quota.apply import install

__depends__ = {"0056_install_try_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "views/quota_health.sql",
    sha256="60f9217c3e2b8115ce873242fc5403f39dbfe0a842589d45139054d588af7adf",
)
