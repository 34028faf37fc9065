"""Install procedures/administration/purge_quota_usage.sql."""

from tenant_quota.apply import install

__depends__ = {"0014_install_expire_quota_reservations"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/administration/purge_quota_usage.sql",
    sha256="56c6e8e54da4592be44fb2be6233e11781f880e7bdb53d881456e10d12565c5b",
)
