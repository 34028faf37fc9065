"""Install procedures/administration/expire_quota_reservations.sql."""

from tenant_quota.apply import install

__depends__ = {"0013_install_define_tenant"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/administration/expire_quota_reservations.sql",
    sha256="cc66ac0475b828958f459beb4a44999215937671a20eeefd3e8661699b752630",
)
