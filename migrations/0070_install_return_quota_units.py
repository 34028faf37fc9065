"""Install procedures/return_quota_units.sql."""

from tenant_quota.apply import install

__depends__ = {"0069_install_return_quota_hold"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/return_quota_units.sql",
    sha256="0bd5251f6f116c037af743d4f51a92e827aac1414b8c0d7cb6e8d5b10caf238b",
)
