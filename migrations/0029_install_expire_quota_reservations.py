"""Install procedures/expire_quota_reservations.sql."""

from tenant_quota.apply import install

__depends__ = {"0028_install_expire_quota_holds"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/expire_quota_reservations.sql",
    sha256="9c54285261ff95874a081c1aaafa2717c9cbd49af8eba45bc23c190d45056653",
)
