"""Install procedures/expire_quota_holds.sql."""

from tenant_quota.apply import install

__depends__ = {"0027_install_define_tenant"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/expire_quota_holds.sql",
    sha256="2d93dc248def4b2b9f559a2b21c900a9cfe575e8364ed90d7e99877223435236",
)
