"""Install procedures/reserve_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0045_install_renew_quota_lease"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/reserve_quota.sql",
    sha256="6f039b15873fe62f75e5cce348b2c59a3699b4b7d85f89064cd2380471800b24",
)
