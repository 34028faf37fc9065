"""Install procedures/renew_quota_lease.sql."""

from tenant_quota.apply import install

__depends__ = {"0045_install_release_quota_token"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/renew_quota_lease.sql",
    sha256="051ae181ea46d12ee4622d5525ed4c880a7de7c6fd55ce868cb2f722def1aa3c",
)
