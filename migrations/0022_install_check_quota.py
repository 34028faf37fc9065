"""Install procedures/check_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0021_install_charge_several_limits"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/check_quota.sql",
    sha256="48270e3ca7ebe48a7428b73c2671678a2ff20338aaea7261e5f193a75905eacf",
)
