"""Install procedures/charge_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0015_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="35e070d3684cef992698ea18fa1077d99633f496249769171e229693d23082a8",
)
