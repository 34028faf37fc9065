"""Install procedures/consume_quota.sql."""

from tenant_quota.apply import install

__depends__ = {"0025_install_confirm_quota_reservation"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota.sql",
    sha256="12989816deec7f07ba5c773420581a6950239815856e69a307c465d9fc30ba53",
)
