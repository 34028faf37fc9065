"""Install procedures/consume_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0023_install_confirm_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota.sql",
    sha256="658cf6aaf090cc0132dcc6ea9c41e39e33f2e6e583df5c10761d55dd8d0d41d7",
)
