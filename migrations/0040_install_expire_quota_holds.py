"""Install procedures/expire_quota_holds.sql."""

from tenant_quota.apply import install

__depends__ = {"0039_install_describe_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/expire_quota_holds.sql",
    sha256="1a4eeb5d7ab770909ccc46551a14b13fdbce8a7b07393fa062ff79478625b3b5",
)
