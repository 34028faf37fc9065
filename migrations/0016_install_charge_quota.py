"""Install procedures/charge_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0015_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="0fb8c20a99cfb4c4ab95212af9138f75466dae06e8a5b3bbc6f2204984566ac8",
)
