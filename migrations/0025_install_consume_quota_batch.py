"""Install procedures/consume_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0024_install_consume_quota"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/consume_quota_batch.sql",
    sha256="70d0536aa52269f97ee25902181cf0d7cec9c42167cffbf43ad2c85cb1198d8e",
)
