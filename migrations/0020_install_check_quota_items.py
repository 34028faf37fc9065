"""Install procedures/check_quota_items.sql."""

from tenant_quota.apply import install

__depends__ = {"0019_install_check_quota_argument"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota_items.sql",
    sha256="9c236c2873d6097a94a431dcbce357d926189c900374e1df41ebcf841d15baa4",
)
