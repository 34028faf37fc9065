"""Install views/quota_health.sql."""

from tenant_quota.apply import install

__depends__ = {"0070_install_try_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "views/quota_health.sql",
    sha256="19037adf711a76e08a64522d81884e4b047c131f7cc728bf31b7195575a612d4",
)
