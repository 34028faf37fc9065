"""Install procedures/purge_quota_batch.sql."""

from tenant_quota.apply import install

__depends__ = {"0037_install_open_quota_transaction"}
__transactional__ = False  # each DDL statement commits by itself

install(
    __file__,
    "procedures/purge_quota_batch.sql",
    sha256="978fc93cefa586e8390f59a4242b780d0b7de2b02c2579183759a40a60b69b70",
)
