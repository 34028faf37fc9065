"""Install procedures/return_quota.sql."""

from tenant_quota.stored_objects import install

__depends__ = {"0060_install_reset_quota_now"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/return_quota.sql",
    sha256="b44f0756fdf189830918c0ae58e707a7b5d44d740eb60ae7872d094a70cf18f9",
)
