"""Install procedures/charge_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0014_install_cancel_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/charge_quota.sql",
    sha256="0ba401a5bfd3e7b5be6adde3a9bf99458c1911ccbc270010c759084c9cb7e6a3",
)
