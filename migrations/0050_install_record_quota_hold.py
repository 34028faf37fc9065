"""Install procedures/record_quota_hold.sql."""

from tenant_quota.apply import install

__depends__ = {"0049_install_record_quota_alerts"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/record_quota_hold.sql",
    sha256="a454e73ec3f357a0f27f36a8ab22beb239b7f16b2cb42b81116f82e73a5dff04",
)
