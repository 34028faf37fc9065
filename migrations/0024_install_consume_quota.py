"""Install procedures/consume_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0023_install_confirm_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota.sql",
    sha256="127088bb8d56910c38ac6c182159d428b1bf1b35329beac7beb467260fb64d92",
)
