"""Install procedures/consume_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0032_install_confirm_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota.sql",
    sha256="87e3f5a972b4778d4d181c9cf2be6dae7245757c7f7fa7707e611db26fa08d81",
)
