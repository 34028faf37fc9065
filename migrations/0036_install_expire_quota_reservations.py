"""Install procedures/expire_quota_reservations.sql."""

from tenant_quota.apply import install

__depends__ = {"0035_install_expire_quota_holds"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/expire_quota_reservations.sql",
    sha256="2bd91001d3f1abd54a4c39b3c0348b50c410fda0e657ba4aeb5e3f53bfb04555",
)
