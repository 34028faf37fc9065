"""Install procedures/application/consume_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0023_install_confirm_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/application/consume_quota.sql",
    sha256="f4854392054bdf6354c1033c8007de405534f5ae6abfbe4f6c70d85ca1f3b042",
)
